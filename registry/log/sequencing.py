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
from registry.log.keys import LogKey, default_origin, load_private, make_key
from registry.log.models import CheckpointRow, LeafRow, LogKeyRow
from registry.log.notes import Signer, Verifier, read_vkey

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
    with registry.reading() as session:
        _signer(session, registry.log_key)
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
        with registry.writing() as session:
            dialects.hold_log(session)
            entered += _enter(session, _signer(session, registry.log_key))


def waiting(session: Session) -> bool:
    """Whether an event is not yet in the log."""
    return bool(session.scalar(select(exists().where(LeafRow.leaf_index.is_(None)))))


def latest(session: Session) -> CheckpointRow | None:
    """The checkpoint that counts; None for a log in which nothing is."""
    return session.scalars(select(CheckpointRow).order_by(CheckpointRow.number.desc()).limit(1)).first()


def signing_key(session: Session) -> str | None:
    """The vkey of the key that signs; None where nothing was signed yet."""
    return session.scalar(select(LogKeyRow.vkey).order_by(LogKeyRow.first_checkpoint.desc()).limit(1))


def verifier_of(registry: Logged) -> Verifier:
    """What checkpoints are checked with: the key that signs, or the home's where nothing was signed yet.

    Raises:
        KeyFileError: nothing was signed yet, and the log's key is not there.
    """
    with registry.reading() as session:
        present = signing_key(session)
        return read_vkey(present) if present else _signer(session, registry.log_key).verifier


def replace_key(registry: Logged) -> None:
    """Make another key, and sign the tree as it is with it: for a home that has lost the old one.

    Killed in the middle, it is to be run again: until then nothing is recorded.

    Raises:
        OutputError: the key cannot be written.
    """
    make_key(registry.log_key.path, replace=True)
    private = load_private(registry.log_key.path)
    with registry.writing() as session:
        dialects.hold_log(session)
        last, present = latest(session), signing_key(session)
        if last is not None and present is not None:  # else it signs what comes first
            _sign(session, Signer(_name(present), private), last, last.size)


def _enter(session: Session, signer: Signer) -> int:
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


def _signer(session: Session, where: LogKey) -> Signer:
    """The home's key, which must be the one that has signed so far, under the name that it had."""
    private, present = load_private(where.path), signing_key(session)
    if present is None:
        return Signer(where.origin or default_origin(private), private)
    signer = Signer(_name(present), private)
    if signer.verifier.vkey != present:
        raise RegistryError(
            "log.other_key",
            "the key in this home is not the one that signs the registry's log",
            expected=present,
            found=signer.verifier.vkey,
            hint=f"copy {where.path.name} from the home that the registry was made in, or `provenance log new-key`",
        )
    if where.origin not in (None, signer.name):
        raise RegistryError(
            "log.other_origin",
            "the log goes under another name than the setting log_origin gives it, and keeps it",
            expected=signer.name,
            found=where.origin,
            hint="correct or remove the setting log_origin",
        )
    return signer


def _name(vkey: str) -> str:
    return vkey.partition("+")[0]
