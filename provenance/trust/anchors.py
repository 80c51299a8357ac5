"""Lists of trust anchors: PEM files in a folder, checked here since the library silently skips what it cannot read."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.errors import TrustError
from provenance.files import replace_atomically

URI_PREFIX = "urn:provenance-toolkit:trust:"
MAX_LIST_BYTES = 4 * 2**20
MAX_CERTIFICATES = 2000
UNPARSABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the cryptography library raises for certificates that it cannot parse."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_MARK = re.compile(r"-----(?:BEGIN|END) ")


class AnchorKind(StrEnum):
    """What a list may vouch for. An anchor for timestamps never vouches for the signer of a claim."""

    MANIFEST = "manifest"
    TSA = "tsa"


@dataclass(frozen=True, slots=True)
class AnchorList:
    """Certificates of authorities under one name. ``uri`` is what the library names the list by when it vouches."""

    uri: str
    name: str
    pem: bytes
    kind: AnchorKind = AnchorKind.MANIFEST

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """The certificates of the list, in its order."""
        return tuple(x509.load_pem_x509_certificates(self.pem)) if self.pem else ()


def load_anchors(folder: Path, *, now: dt.datetime | None = None) -> tuple[AnchorList, ...]:
    """All lists of a folder by name; none where there is no folder.

    A certificate that has expired since it was added is left out: the library would go on believing it.

    Raises:
        TrustError: a file of the folder is not a list that ``add_anchors`` would have written.
    """
    moment = now or dt.datetime.now(dt.UTC)
    lists = []
    for path in sorted(folder.glob("*.pem")):
        name, kind = _parts(path)
        certificates = [c for c in parse_authorities(read_pem(path), path.name) if c.not_valid_after_utc > moment]
        lists.append(_anchor_list(name, kind, certificates))
    return tuple(lists)


def add_anchors(
    folder: Path, name: str, pem: bytes, *, kind: AnchorKind = AnchorKind.MANIFEST, now: dt.datetime | None = None
) -> AnchorList:
    """Check a list and keep it in the folder, made if need be. Adding the same list again changes nothing.

    Raises:
        TrustError: the name is unusable or taken by another list, or a block of the PEM is not the unexpired
            certificate of an authority.
    """
    _check_name(name)
    certificates = parse_authorities(pem, name)
    moment = now or dt.datetime.now(dt.UTC)
    for certificate in certificates:
        if certificate.not_valid_after_utc <= moment:
            raise TrustError(
                "trust.anchor_expired",
                f"the anchor {_subject(certificate)} has expired",
                expected="certificates that are still valid",
                found=f"valid until {certificate.not_valid_after_utc:%Y-%m-%d}",
                hint="ask the authority for its present certificate",
            )
    anchors = _anchor_list(name, kind, certificates)
    for other in AnchorKind:
        path = _path(folder, name, other)
        if path.exists():
            if other is kind and _anchor_list(name, kind, parse_authorities(read_pem(path), name)) == anchors:
                return anchors
            raise TrustError(
                "trust.name_taken",
                f"there is already another list {name}",
                found=f"{path.name} in {folder}",
                hint=f"choose another name, or run `provenance trust remove {name}` first",
            )
    folder.mkdir(parents=True, exist_ok=True)
    with replace_atomically(_path(folder, name, kind), replace=False) as staged:
        staged.write_bytes(anchors.pem)
    return anchors


def remove_anchors(folder: Path, name: str) -> None:
    """Forget a list.

    Raises:
        TrustError: there is no list of that name.
    """
    _check_name(name)
    found = [path for kind in AnchorKind if (path := _path(folder, name, kind)).exists()]
    if not found:
        raise TrustError(
            "trust.unknown_list",
            f"there is no trust list {name}",
            expected="the name of an installed list",
            found="none of that name",
            hint="`provenance trust list` names those that are there",
        )
    for path in found:
        path.unlink()


def parse_authorities(pem: bytes, source: str) -> list[x509.Certificate]:
    """The certificates of a PEM file, every block of which must be the certificate of an authority.

    Raises:
        TrustError: ``trust.anchor_unreadable``, ``trust.anchor_not_authority`` or ``trust.anchor_none``.
    """
    text = pem.decode("utf-8", errors="replace")
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        raise TrustError(
            "trust.anchor_none",
            f"{source} holds no certificate",
            expected="PEM, with at least one BEGIN CERTIFICATE block",
            hint="convert DER with `openssl x509 -inform der -in FILE -out FILE.pem`",
        )
    if len(_MARK.findall(text)) != 2 * len(blocks) or len(blocks) > MAX_CERTIFICATES or len(pem) > MAX_LIST_BYTES:
        raise TrustError(
            "trust.anchor_unreadable",
            f"{source} is not a well-formed list",
            expected=f"complete PEM blocks, at most {MAX_CERTIFICATES} in {MAX_LIST_BYTES} bytes",
            found=f"{len(blocks)} complete blocks in {len(pem)} bytes",
        )
    return [_authority(block, number, source) for number, block in enumerate(blocks, 1)]


def _authority(block: re.Match[str], number: int, source: str) -> x509.Certificate:
    if block[1] != "CERTIFICATE":
        raise TrustError(
            "trust.anchor_unreadable",
            f"block {number} of {source} is no certificate",
            expected="CERTIFICATE",
            found=block[1],
            hint="give the authorities' certificates only, never a key",
        )
    try:
        certificate = x509.load_pem_x509_certificate(block[0].encode())
        # Reading the extensions parses them, and a name that cannot be parsed could never match.
        extensions = certificate.extensions
        certificate.subject.rfc4514_string()
    except UNPARSABLE as error:
        raise TrustError(
            "trust.anchor_unreadable",
            f"block {number} of {source} cannot be read as a certificate",
            found=str(error)[:200],
            hint="export it again from where it came",
        ) from error
    if not _may_certify(extensions):
        raise TrustError(
            "trust.anchor_not_authority",
            f"block {number} of {source}, {_subject(certificate)}, is not the certificate of an authority",
            expected="basicConstraints CA:TRUE, and keyCertSign where a key usage is given",
            hint="add the certificate of the authority that issued it; to accept one signer only, use a policy file",
        )
    return certificate


def _may_certify(extensions: x509.Extensions) -> bool:
    try:
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        return False
    try:
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def _anchor_list(name: str, kind: AnchorKind, certificates: list[x509.Certificate]) -> AnchorList:
    # Written anew from the parsed certificates, so that nothing but these reaches the library.
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    return AnchorList(uri=f"{URI_PREFIX}{name}", name=name, pem=pem, kind=kind)


def _path(folder: Path, name: str, kind: AnchorKind) -> Path:
    return folder / (f"{name}.pem" if kind is AnchorKind.MANIFEST else f"{name}.{kind.value}.pem")


def _parts(path: Path) -> tuple[str, AnchorKind]:
    name = path.name.removesuffix(".pem")
    kind = AnchorKind.MANIFEST
    if name.endswith(f".{AnchorKind.TSA.value}"):
        name, kind = name.removesuffix(f".{AnchorKind.TSA.value}"), AnchorKind.TSA
    _check_name(name)
    return name, kind


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise TrustError(
            "trust.name",
            "this cannot name a trust list",
            expected="1 to 64 lower-case letters, digits, - and _, starting with a letter or digit",
            found=name[:80] or "an empty name",
            hint="choose another name, such as newsrooms",
        )


def read_pem(path: Path) -> bytes:
    """The bytes of a PEM file of acceptable size.

    Raises:
        TrustError: it cannot be read or is too large.
    """
    try:
        with path.open("rb") as stream:
            # What a path claims to measure says nothing of a pipe or a device.
            data = stream.read(MAX_LIST_BYTES + 1)
    except OSError as error:
        raise TrustError(
            "trust.anchor_unreadable",
            f"the certificates in {path} cannot be read",
            expected="a file of certificates in PEM",
            found=error.strerror or str(error),
            hint="check path and permissions",
        ) from error
    if len(data) > MAX_LIST_BYTES:
        raise TrustError(
            "trust.anchor_unreadable",
            f"{path} is too large",
            expected=f"at most {MAX_LIST_BYTES} bytes of PEM",
            found="more",
            hint="name the file that holds the authorities' certificates",
        )
    return data


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()[:200] or "(no name)"
