"""Entering events into the log: one writer at a time, one checkpoint for all that waits.

1. The transaction that writes an event also writes its leaf, not yet in the tree: they are there both, or neither.
2. A second transaction takes all leaves that wait, grows the tiles, signs the checkpoint and writes it.

A process killed between the two leaves events that wait; the next one that records anything enters them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry import dialects
from registry.log import merkle, tiles
from registry.log.keys import LogKey, load_signer
from registry.log.models import CheckpointRow, LeafRow, LogKeyRow
from registry.log.notes import Signer

LEAVES_AT_ONCE = 10_000
"""In one transaction: a second or so of signing nothing and hashing much, after an upgrade."""


class Logged(Protocol):
    """A registry with a log: an open one."""

    log_key: LogKey

    def reading(self) -> AbstractContextManager[Session]:
        """See ``store.Registry``."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """See ``store.Registry``."""
        ...


@contextmanager
def recording(registry: Logged) -> Iterator[Session]:
    """A session for what writes events, as ``Registry.writing``; afterwards they are in the log.

    Raises:
        KeyFileError: the log's key is not there; then nothing is written.
        RegistryError: it is another log's (``log.other_key``), or the database could not be written.
    """
    signer = load_signer(registry.log_key)
    with registry.reading() as session:
        _require_own(session, signer)
    with registry.writing() as session:
        yield session
    enter_waiting(registry)


def enter_waiting(registry: Logged) -> int:
    """Enter all events that wait into the log; how many. Cheap where none does.

    Raises:
        KeyFileError: there are some, and the log's key is not there.
        RegistryError: it is another log's, or the database could not be written.
    """
    entered = 0
    while True:
        with registry.reading() as session:
            if not waiting(session):
                return entered
        signer = load_signer(registry.log_key)
        with registry.writing() as session:
            dialects.hold_log(session)
            entered += _enter(session, signer)


def waiting(session: Session) -> bool:
    """Whether an event is not yet in the log."""
    return bool(session.scalar(select(exists().where(LeafRow.leaf_index.is_(None)))))


def latest(session: Session) -> CheckpointRow | None:
    """The checkpoint that counts; None for a log in which nothing is."""
    return session.scalars(select(CheckpointRow).order_by(CheckpointRow.number.desc()).limit(1)).first()


def signing_key(session: Session) -> str | None:
    """The vkey of the key that signs; None where nothing was signed yet."""
    return session.scalar(select(LogKeyRow.vkey).order_by(LogKeyRow.first_checkpoint.desc()).limit(1))


def replace_key(registry: Logged, signer: Signer) -> None:
    """Sign the tree as it is with another key, which signs from now on. The origin stays.

    Raises:
        RegistryError: the new key is for another origin (``log.other_key``).
    """
    with registry.writing() as session:
        dialects.hold_log(session)
        last, present = latest(session), signing_key(session)
        if last is None or present is None:
            return  # nothing was signed yet: the key signs what comes first
        if present.partition("+")[0] != signer.name:
            raise _other(present, signer)
        _sign(session, signer, last, last.size)


def _enter(session: Session, signer: Signer) -> int:
    _require_own(session, signer)
    order = LeafRow.at, LeafRow.subject, LeafRow.number
    leaves = session.scalars(
        select(LeafRow).where(LeafRow.leaf_index.is_(None)).order_by(*order).limit(LEAVES_AT_ONCE)
    ).all()
    if not leaves:
        return 0
    last = latest(session)
    size = last.size if last else 0
    for index, leaf in enumerate(leaves, size):
        leaf.leaf_index = index
    tiles.grow(session, size, [merkle.leaf_hash(leaf.data) for leaf in leaves])
    _sign(session, signer, last, size + len(leaves))
    return len(leaves)


def _sign(session: Session, signer: Signer, last: CheckpointRow | None, size: int) -> None:
    number = last.number + 1 if last else 1
    note = signer.checkpoint(size, merkle.root(tiles.stored(session), size))
    session.add(CheckpointRow(number=number, size=size, note=note))
    vkey = signer.verifier.vkey
    if signing_key(session) != vkey:
        session.add(LogKeyRow(first_checkpoint=number, vkey=vkey))


def _require_own(session: Session, signer: Signer) -> None:
    present = signing_key(session)
    if present not in (None, signer.verifier.vkey):
        raise _other(str(present), signer)


def _other(present: str, signer: Signer) -> RegistryError:
    return RegistryError(
        "log.other_key",
        "the key in this home is not the one that signs the registry's log",
        expected=present,
        found=signer.verifier.vkey,
        hint="copy log/key.pem from the home that the registry was made in, and leave log_origin as it was",
    )
