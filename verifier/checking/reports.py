"""Reports for other programs, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import OutputError
from provenance.files import replace_atomically

if TYPE_CHECKING:
    from verifier.checking.examining import CheckedAsset


class Form(Enum):
    """A form of report, by the first byte that every file of it has."""

    JUNIT = b"<"
    SARIF = b"{"


def refuse_foreign(path: Path, form: Form) -> None:
    """Reports replace older ones, as CI systems expect it, but never a file that is something else.

    Raises:
        OutputError: ``output.foreign``.
    """
    try:
        with path.open("rb") as stream:
            first = stream.read(1)
    except OSError:
        return  # that it cannot be written is said where it is written
    if first not in (b"", form.value):
        raise OutputError(
            "output.foreign",
            f"{path} is no older report, and would be lost",
            expected=f"a name that is free, or an older report that begins with {form.value.decode()}",
            found="another file",
            hint="choose another name",
        )


def write_report(path: Path, form: Form, checked: Sequence[CheckedAsset], *, seconds: float) -> None:
    """Write the answers in this form. ``seconds``: how long it all took.

    Raises:
        OutputError: the file cannot be written.
    """
    # Here and not at the top: neither is wanted by most runs.
    if form is Form.JUNIT:
        from verifier.checking.junit import junit

        data = junit(checked, seconds=seconds)
    else:
        from verifier.checking.sarif import sarif

        data = sarif(checked)
    with replace_atomically(path, replace=True) as staged:
        staged.write_bytes(data)
