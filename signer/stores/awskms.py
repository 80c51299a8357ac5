"""``awskms:KEY?region=REGION``: a key in the AWS Key Management Service. Needs the extra ``awskms``.

KEY is a key's id, its alias (``alias/desk``) or ARN. Who we are is found where the AWS tools find it: environment,
profile, or the role of the machine. The right needed is ``kms:Sign`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from provenance.errors import KeyFileError
from signer.algorithms import digest_of
from signer.key_stores import Held, Secret, unusable_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPECS = {
    "es256": "ECDSA_SHA_256",
    "es384": "ECDSA_SHA_384",
    "es512": "ECDSA_SHA_512",
    "ps256": "RSASSA_PSS_SHA_256",
    "ps384": "RSASSA_PSS_SHA_384",
}
_MAX_MESSAGE = 4096
"""Bytes that the service takes whole; of more it wants the digest."""


class AwsKmsStore:
    """Opens keys of AWS KMS."""

    def secret(self, uri: str) -> Secret | None:
        """None: the service knows us by other means."""
        _parts(uri)
        return None

    def open(self, held: Held, secret: str | None) -> AwsKmsKey:  # noqa: ARG002  (the port's signature)
        """Make a client; nothing is asked of the service yet.

        Raises:
            KeyFileError: ``keys.extra``, ``keys.algorithm``, ``keys.kms``.
        """
        key_id, options = _parts(held.uri)
        if held.algorithm not in _SPECS:
            raise KeyFileError(
                "keys.algorithm", "AWS KMS is not asked for this algorithm", expected=", ".join(_SPECS),
                found=held.algorithm,
            )  # fmt: skip
        try:
            import botocore.exceptions
            import botocore.session
            from botocore.config import Config
        except ImportError as error:
            raise KeyFileError(
                "keys.extra",
                "keys in AWS KMS need botocore, which is not installed",
                hint="pip install 'provenance-toolkit[awskms]'",
            ) from error
        config = Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 3})
        try:
            client = botocore.session.get_session().create_client("kms", options.get("region"), config=config)
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            raise _failed(held.name, error) from error
        return AwsKmsKey(held.name, held.algorithm, held.chain, key_id, client, botocore.exceptions)


@dataclass(frozen=True, slots=True)
class AwsKmsKey:
    """A key that never leaves the service."""

    name: str
    algorithm: str
    chain: tuple[x509.Certificate, ...]
    key_id: str
    client: Any = field(repr=False)
    exceptions: Any = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Have the service sign.

        Raises:
            KeyFileError: ``keys.kms``: it refused or did not answer.
        """
        message, kind = data, "RAW"
        if len(data) > _MAX_MESSAGE:
            digest = hashes.Hash(digest_of(self.algorithm))
            digest.update(data)
            message, kind = digest.finalize(), "DIGEST"
        try:
            answer = self.client.sign(
                KeyId=self.key_id, Message=message, MessageType=kind, SigningAlgorithm=_SPECS[self.algorithm]
            )
        except (self.exceptions.BotoCoreError, self.exceptions.ClientError) as error:
            raise _failed(self.name, error) from error
        signature: bytes = answer["Signature"]
        return signature


def _parts(uri: str) -> tuple[str, Mapping[str, str]]:
    key_id, _, query = uri.partition(":")[2].partition("?")
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else {}
    except ValueError:
        options = {"": query}
    if not key_id or options.keys() - {"region"}:
        raise unusable_uri("awskms:KEY?region=REGION", uri)
    return unquote(key_id), options


def _failed(name: str, error: Exception) -> KeyFileError:
    return KeyFileError(
        "keys.kms",
        f"AWS KMS did not sign with the key {name}",
        expected="a key for SIGN_VERIFY that we may use (kms:Sign)",
        found=str(error)[:300],
        hint="check key, region and credentials: aws sts get-caller-identity, aws kms describe-key",
    )
