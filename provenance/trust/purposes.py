"""What a certificate may be issued for if it is to sign claims: extended key usages, as dotted OIDs."""

from __future__ import annotations

EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
C2PA_SIGNING = "1.3.6.1.4.1.62558.2.1"

CLAIM_SIGNING = (C2PA_SIGNING, DOCUMENT_SIGNING, EMAIL_PROTECTION)
"""Any one of these will do. The C2PA library by itself only knows the last: it must be told, signing and reading."""
