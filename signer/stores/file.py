"""``file:/path/key.pem``: an encrypted PKCS#8 key that lies elsewhere on this machine."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from provenance.errors import KeyFileError
from signer.certificates import require_same_key
from signer.key_files import is_protected, open_private, read_pem, require_private
from signer.key_stores import PASSPHRASE, Held, Secret, unusable_uri
from signer.signing import SigningKey


class FileStore:
    """Opens key files."""

    def secret(self, uri: str) -> Secret | None:
        """The passphrase: keys in the clear are refused."""
        _path_of(uri)
        return PASSPHRASE

    def open(self, held: Held, secret: str | None) -> SigningKey:
        """Read and decrypt the key.

        Raises:
            KeyFileError: ``keys.unreadable``, ``keys.mode``, ``keys.unprotected``, ``keys.passphrase``,
                ``keys.mismatch``.
        """
        path = _path_of(held.uri)
        pem = read_pem(path)
        require_private(path)
        if not is_protected(pem):
            raise KeyFileError(
                "keys.unprotected",
                f"the key in {path} has no passphrase",
                expected="an encrypted PKCS#8 key",
                found="something else, or a key in the clear",
                hint="openssl pkcs8 -topk8 -in KEY -out ENCRYPTED",
            )
        private = open_private(pem, secret, held.name)
        if held.chain:
            require_same_key(held.chain[0], private.public_key())
        return SigningKey(held.name, held.algorithm, held.chain, private)


def _path_of(uri: str) -> Path:
    parts = urlsplit(uri)
    path = Path(unquote(parts.path))
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment or not path.is_absolute():
        raise unusable_uri("file:/absolute/path/to/key.pem", uri)
    return path
