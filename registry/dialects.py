"""The few statements that SQLite and PostgreSQL want in different words, and moving many rows at once.

Everything here works inside the transaction of the session it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Column, ColumnElement, LargeBinary, Table, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.databases import POSTGRESQL

# Names of advisory locks, any numbers that nothing else in the database uses.
_INDEX_LOCK = 7_041_001
_READ_LOCK = 7_041_002
_ASSET_LOCKS = 7_041_003
_SCHEMA_LOCK = 7_041_004
_LOG_LOCK = 7_041_005
_CHECKS_LOCK = 7_041_006

_KEYS_AT_ONCE = 20_000
_ROWS_AT_ONCE = 50_000
_COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = b"\xff\xff"

Columns = Sequence[NDArray[Any]]


def is_postgresql(session: Session) -> bool:
    """Whether the session's database is PostgreSQL."""
    return session.get_bind().dialect.name == POSTGRESQL


def holds(session: Session, column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """That a column's text has the word in it, in capitals or not."""
    if is_postgresql(session):
        return column.icontains(word, autoescape=True)
    # SQLite's LIKE sees no difference between a and A by itself; lower() would take as long again.
    return column.contains(word, autoescape=True)


def read(session: Session, statement: str, keys: NDArray[np.int64], *columns: str) -> list[NDArray[Any]]:
    """Run a query over many keys.

    Args:
        statement: SQL in which ``{keys}`` stands for a table with the column ``value``, each key a row.
        keys: int64 (n,).
        columns: what the query selects: ``i4`` and ``i8`` for SQL's integer and bigint, ``S32`` for hashes.

    Returns:
        one array for each column: int64 (m,), or uint8 (m, 32) for hashes.
    """
    parts = [_read_part(session, statement, part, columns) for part in _batches(keys)]
    return [np.concatenate([part[number] for part in parts]) for number in range(len(columns))]


def count(
    session: Session, column: Column[int], keys: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many rows of the column's table have each key: keys that occur, and their rows; int64 (m,) each."""
    table = column.table
    if is_postgresql(session):
        statement = (
            f"SELECT keys.value, count(*) FROM {{keys}} JOIN {table} ON {column} = keys.value GROUP BY keys.value"  # noqa: S608
        )
    else:
        # Grouping would sort in SQLite; counting for each key on its own does not. Most keys have no row: those are
        # left there, for as objects of Python they cost more than to look them up.
        each = f"SELECT keys.value, (SELECT count(*) FROM {table} WHERE {column} = keys.value) AS n FROM {{keys}}"  # noqa: S608
        statement = f"WITH counted AS MATERIALIZED ({each}) SELECT value, n FROM counted WHERE n > 0"  # noqa: S608
    found, rows = read(session, statement, keys, "i8", "i8")
    return found, rows


def insert(session: Session, table: Table, columns: Columns) -> None:
    """Add many rows: one array for each of the table's columns, in their order; bytes as uint8 (n, 32)."""
    if not len(columns[0]):
        return
    if is_postgresql(session):
        _copy_in(session, table, columns)
        return
    marks = ", ".join("?" * len(columns))
    connection = session.connection()
    for start in range(0, len(columns[0]), _ROWS_AT_ONCE):
        lists = [_values(column[start : start + _ROWS_AT_ONCE]) for column in columns]
        connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({marks})", list(zip(*lists, strict=True)))  # noqa: S608


def empty(session: Session, table: Table) -> None:
    """Take every row out of a table that nobody reads."""
    session.execute(text(f"TRUNCATE {table.name}" if is_postgresql(session) else f"DELETE FROM {table.name}"))  # noqa: S608


def number_on(session: Session, column: InstrumentedAttribute[int]) -> None:
    """Let a table whose rows were given numbers go on with the next one. SQLite does so by itself."""
    if is_postgresql(session):
        table = column.class_.__tablename__
        session.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column.key}'), "  # noqa: S608
                f"(SELECT coalesce(max({column.key}), 0) + 1 FROM {table}), false)"
            )
        )


def hold_asset(session: Session, asset_id: str) -> None:
    """Wait until no other transaction writes this asset, and keep others waiting until this one ends."""
    # SQLite has one writer at a time anyway.
    if is_postgresql(session):
        name = int.from_bytes(asset_id.encode()[:4].ljust(4), "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:kind, :name)"), {"kind": _ASSET_LOCKS, "name": name})


def hold_index(session: Session, *, alone: bool) -> None:
    """Keep the set of index versions from changing while entries are added; ``alone``: to change it."""
    _advise(session, _INDEX_LOCK, alone)


def hold_slots(session: Session, *, alone: bool) -> None:
    """Keep the slots of the index from being emptied while they are read; ``alone``: to empty one."""
    _advise(session, _READ_LOCK, alone)


def hold_schema(session: Session) -> None:
    """Keep others from making or upgrading the schema at the same time."""
    _advise(session, _SCHEMA_LOCK, True)


def hold_log(session: Session) -> None:
    """Keep others from entering events into the log at the same time."""
    _advise(session, _LOG_LOCK, True)


def hold_checks(session: Session) -> None:
    """Keep others from asking for an examination at the same time, who may ask for the same."""
    _advise(session, _CHECKS_LOCK, True)


def _advise(session: Session, lock: int, alone: bool) -> None:
    if is_postgresql(session):
        shared = "" if alone else "_shared"
        session.execute(text(f"SELECT pg_advisory_xact_lock{shared}(:lock)"), {"lock": lock})


def _read_part(session: Session, statement: str, keys: NDArray[np.int64], columns: Sequence[str]) -> list[NDArray[Any]]:
    listed = ",".join(map(str, keys.tolist()))
    if is_postgresql(session):
        # As binary COPY, which numpy takes as it is: a fraction of what rows as Python objects cost.
        return _copy_out(session, statement.format(keys=f"unnest('{{{listed}}}'::int8[]) AS keys(value)"), columns)
    rows = session.connection().exec_driver_sql(statement.format(keys="json_each(?) AS keys"), (f"[{listed}]",))
    found = list(zip(*rows.fetchall(), strict=True)) or [()] * len(columns)
    return [_array(values, kind) for values, kind in zip(found, columns, strict=True)]


def _array(values: Sequence[Any], kind: str) -> NDArray[Any]:
    if kind.startswith("S"):
        return np.frombuffer(b"".join(values), dtype=np.uint8).reshape(len(values), int(kind[1:]))
    return np.array(values, dtype=np.int64)


def _copy_out(session: Session, statement: str, columns: Sequence[str]) -> list[NDArray[Any]]:
    layout = np.dtype([("n", ">i2"), *((f"{end}{i}", t) for i, kind in enumerate(columns) for end, t in _ends(kind))])
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT binary)") as copy:
        data = b"".join(copy)
    rows = np.frombuffer(data, dtype=layout, offset=len(_COPY_HEAD), count=(len(data) - 21) // layout.itemsize)
    return [
        rows[f"v{i}"].astype(np.int64)
        if kind.startswith("i")
        else np.ascontiguousarray(rows[f"v{i}"]).reshape(len(rows), int(kind[1:]))
        for i, kind in enumerate(columns)
    ]


def _ends(kind: str) -> Iterator[tuple[str, Any]]:
    yield "l", ">i4"
    yield "v", f">{kind}" if kind.startswith("i") else (np.uint8, int(kind[1:]))


def _copy_in(session: Session, table: Table, columns: Columns) -> None:
    kinds = [
        "S32" if isinstance(column.type, LargeBinary) else "i8" if isinstance(column.type, BigInteger) else "i4"
        for column in table.columns
    ]
    layout = np.dtype([("n", ">i2"), *((f"{end}{i}", t) for i, kind in enumerate(kinds) for end, t in _ends(kind))])
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN (FORMAT binary)") as copy:
        copy.write(_COPY_HEAD)
        for start in range(0, len(columns[0]), _ROWS_AT_ONCE):
            rows = np.zeros(len(columns[0][start : start + _ROWS_AT_ONCE]), dtype=layout)
            rows["n"] = len(columns)
            for number, (kind, values) in enumerate(zip(kinds, columns, strict=True)):
                rows[f"l{number}"] = int(kind[1:])
                rows[f"v{number}"] = values[start : start + _ROWS_AT_ONCE]
            copy.write(rows.tobytes())
        copy.write(_COPY_END)


def _values(column: NDArray[Any]) -> list[Any]:
    return [row.tobytes() for row in column] if column.ndim == 2 else column.tolist()


def _batches(keys: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    yield from (keys[start : start + _KEYS_AT_ONCE] for start in range(0, max(1, len(keys)), _KEYS_AT_ONCE))
