"""Finding the reference copy that a signed assertion names. Whatever does not have the signed hash is not it."""

from __future__ import annotations

from pathlib import Path

from provenance.errors import RegistryError
from provenance.files import sha256_file
from provenance.media.source import open_media

_SUFFIXES = {"video/mp4": ".mp4", "image/jpeg": ".jpg", "audio/mp4": ".m4a"}


def suffix_of(media_type: str) -> str:
    """The ending of a reference copy's name."""
    return _SUFFIXES.get(media_type, ".bin")


def given_reference(path: Path, signed_sha256: str | None) -> Path:
    """Check a reference copy that somebody names.

    Raises:
        RegistryError: the asset names none (``reference.withheld``), or this is another (``reference.differs``).
        MediaError: the file cannot be read.
    """
    if signed_sha256 is None:
        raise RegistryError(
            "reference.withheld",
            "the signed asset names no reference copy, so none can be kept for it",
            found=path.name,
            hint="register without --reference, or sign the asset again without withholding it",
        )
    with open_media(path):
        # A pipe or device would be read for ever.
        pass
    found = sha256_file(path)
    if found != signed_sha256:
        raise RegistryError(
            "reference.differs",
            f"{path.name} is not the reference copy that was signed",
            expected=f"SHA-256 {signed_sha256}",
            found=found,
            hint="name the copy that was made when the asset was signed, or leave --reference out",
        )
    return path


def kept_reference(folder: Path, signed_sha256: str | None) -> Path | None:
    """The copy that the signer kept in the home's folder of references, if it is there and intact."""
    if signed_sha256 is None or not folder.is_dir():
        return None
    for path in sorted(folder.glob(f"{signed_sha256}.*")):
        if path.is_file() and sha256_file(path) == signed_sha256:
            return path
    return None


def has_hash(path: Path | None, signed_sha256: str | None) -> bool:
    """Whether a copy that was just made is the signed one: another build of the encoder makes other bytes."""
    return path is not None and signed_sha256 is not None and sha256_file(path) == signed_sha256
