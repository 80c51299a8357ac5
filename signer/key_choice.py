"""Which key signs when none is named, and which sign no more since another has taken their place."""

from __future__ import annotations

from pathlib import Path

from provenance.errors import KeyFileError
from provenance.files import replace_atomically
from signer.key_folder import KeyEntry, checked_name, entry_of, key_names, retired_path

_DEFAULT = "default"


def default_key(folder: Path) -> str:
    """The key that signs when none is named: the chosen one, else the only one.

    Raises:
        KeyFileError: there is none, or there are several and none was chosen.
    """
    chosen = folder / _DEFAULT
    if chosen.exists():
        return checked_name(chosen.read_text(encoding="utf-8", errors="replace").strip())
    names = [name for name in key_names(folder) if not retired_path(folder, name).exists()]
    if len(names) == 1:
        return names[0]
    if not names:
        raise KeyFileError(
            "keys.missing",
            "there is no signing key",
            expected=f"a key in {folder}",
            found="none",
            hint="provenance init for a development key, or provenance keys new NAME",
        )
    raise KeyFileError(
        "keys.ambiguous",
        "several keys could sign",
        expected="one chosen key",
        found=", ".join(names),
        hint="--key NAME, or provenance keys default NAME",
    )


def default_or_none(folder: Path) -> str | None:
    """See ``default_key``; None where none would sign."""
    try:
        return default_key(folder)
    except KeyFileError:
        return None


def choose_default(folder: Path, name: str) -> None:
    """Make a key the one that signs when none is named.

    Raises:
        KeyFileError: there is no such key, or it is retired.
    """
    require_active(entry_of(folder, name))
    with replace_atomically(folder / _DEFAULT, replace=True) as path:
        path.write_text(name + "\n", encoding="utf-8")


def mark_retired(folder: Path, name: str, *, retired: bool) -> None:
    """Note that another key has taken the place of this one, or that it is used again."""
    path = retired_path(folder, name)
    if retired:
        path.touch()
    else:
        path.unlink(missing_ok=True)


def require_active(entry: KeyEntry) -> None:
    """Check that no other key has taken the place of this one.

    Raises:
        KeyFileError: ``keys.retired``.
    """
    if entry.retired:
        raise KeyFileError(
            "keys.retired",
            f"the key {entry.name} is retired: another one signs in its place",
            expected="a key in use",
            found="a retired one",
            hint=f"provenance keys status shows which; to go back: provenance keys rotate OTHER {entry.name}",
        )
