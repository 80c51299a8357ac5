"""Rows as CSV that a spreadsheet takes for text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from io import StringIO

_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")
"""What begins a formula, in full width too, or hides what does."""
_ROWS_AT_ONCE = 100


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A header and rows (RFC 4180), in pieces, while the rows are read."""
    buffer = StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([_cell(value) for value in row])
        if number % _ROWS_AT_ONCE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value.value if isinstance(value, Enum) else value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULAS) else text
