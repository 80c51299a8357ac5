"""What is read ahead comes in order, fails as it would have, and ends with whoever wanted it."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from verifier.ahead import ahead, both


def test_the_next_is_under_way_while_the_last_is_looked_at() -> None:
    begun = [threading.Event() for _ in range(4)]

    def read(number: int) -> int:
        begun[number].set()
        return number * number

    seen = []
    with closing(ahead(read, range(4))) as squares:
        for number, square in enumerate(squares):
            seen.append(square)
            assert number == 3 or begun[number + 1].wait(10)
    assert seen == [0, 1, 4, 9]


def test_one_that_fails_fails_in_its_turn() -> None:
    def read(number: int) -> int:
        if number == 1:
            raise ValueError("cannot be decoded")
        return number

    with closing(ahead(read, range(3))) as numbers:
        assert next(numbers) == 0
        with pytest.raises(ValueError, match="cannot be decoded"):
            next(numbers)


def test_who_closes_it_has_no_more_read() -> None:
    read: list[int] = []
    numbers = ahead(lambda number: read.append(number) or number, range(100))
    assert next(numbers) == 0
    numbers.close()
    assert len(read) <= 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]


def test_of_two_at_once_either_may_fail() -> None:
    def fails() -> int:
        raise ValueError("this one")

    assert both(lambda: 1, lambda: "two") == (1, "two")
    for pair in ((fails, lambda: 2), (lambda: 1, fails)):
        with pytest.raises(ValueError, match="this one"):
            both(*pair)
