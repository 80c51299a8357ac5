"""Exit codes of every command, as documented in the README."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """OK is also authentic and match; UNTRUSTED is an invalid credential or a signer not trusted (inspect, check), a
    log that does not hold (log check, log monitor), an asset not to be relied on as before (reverify), and a key that
    does not last (keys status); ALTERED is also something that changed and does no harm (reverify)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    ALTERED = 3
    UNKNOWN = 4
    INCONCLUSIVE = 5
    UNTRUSTED = 6
