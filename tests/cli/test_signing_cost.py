"""The page on signing's cost says "short" where a target is missed, and when the machine was not quiet."""

from __future__ import annotations

from benchmarks.signing_cost import Cost, Row, table, verdicts


def row(seconds: int, *, wall: float = 1.5, cpu: float = 2.0, peak: float = 200.0, foreign: float = 0.0) -> Row:
    """Decoding takes a hundredth of the footage's length; signing as many times that as said."""
    unit = seconds / 100
    plain = Cost(unit, unit, 100.0, 0.0)
    return Row(seconds, 1000, (plain,), (plain,), (Cost(wall * unit, cpu * unit, peak, foreign),))


def missed(*rows: Row) -> list[str]:
    return [asked for asked, _, state in verdicts(rows) if state == "short"]


def test_all_targets_can_be_met() -> None:
    assert missed(row(10), row(600), row(3600)) == []
    assert "**short**" not in table([row(10), row(600)])


def test_ratios_are_of_medians() -> None:
    decode = tuple(Cost(wall, 1.0, 1.0, 0.0) for wall in (1.0, 2.0, 90.0))
    sign = tuple(Cost(wall, 4.0, 1.0, 0.0) for wall in (3.0, 0.1, 80.0))
    measured = Row(10, 1000, decode, decode[:1], sign)
    assert measured.ratio("wall") == 1.5
    assert measured.ratio("wall", single=True) == 3.0
    assert measured.ratio("cpu") == 4.0


def test_each_ratio_over_its_limit_is_short() -> None:
    assert missed(row(10, wall=1.61), row(600)) == ["10 s: wall time at most 1.6 x decoding"]
    assert missed(row(10), row(600, cpu=2.41), row(3600)) == [
        "600 s: processor time at most 2.4 x",
        "cost linear: a second of a longer file costs at most 1.1 x one of a shorter",
    ]
    assert table([row(10, wall=1.61)]).count("**short**") == 1


def test_memory_that_grows_with_the_file_is_short() -> None:
    assert missed(row(10, peak=200), row(600, peak=225)) == ["peak memory flat: at most 1.1 x that of 10 s"]
    assert missed(row(10, peak=200), row(600, peak=215)) == []


def test_longer_files_may_cost_less_a_second_but_not_more() -> None:
    assert missed(row(10, cpu=2.3), row(600, cpu=1.5)) == []
    assert len(missed(row(10, cpu=2.3), row(600, cpu=1.5), row(3600, cpu=1.8))) == 1


def test_a_disturbed_run_is_called_so() -> None:
    assert "Disturbed by other processes: 600 s (30%)" in table([row(10), row(600, foreign=0.3)])
    assert "Disturbed" not in table([row(10), row(600, foreign=0.02)])


def test_wall_time_on_a_busy_machine_meets_no_target_and_misses_none() -> None:
    busy = Row(10, 1000, (Cost(1, 1, 1, 0.7),), (), (Cost(1.2, 2, 1, 0.7),))
    states = {asked: (value, state) for asked, value, state in verdicts([busy])}
    assert states["10 s: wall time at most 1.6 x decoding"] == ("1.20 x, while others took 70%", "open")
    assert states["10 s: processor time at most 2.4 x"] == ("2.00 x", "met")
    assert "while others took 70% | **open** |" in table([busy])


def test_one_disturbed_run_of_many_leaves_the_target_decided() -> None:
    quiet, disturbed = Cost(1, 1, 1, 0.01), Cost(1.5, 1, 1, 0.6)
    runs = Row(10, 1000, (quiet, quiet, quiet), (), (quiet, quiet, disturbed))
    assert ("10 s: wall time at most 1.6 x decoding", "1.00 x", "met") in verdicts([runs])


def test_a_file_that_cannot_be_signed_is_short() -> None:
    unsigned = Row(3600, 1000, (Cost(36, 36, 100.0, 0.0),), (), (), "too long")
    assert missed(row(10), unsigned) == ["3600 s: can be signed"]
    assert missed(unsigned) == ["3600 s: can be signed"]
    assert "| 3600 s: can be signed | too long | **short** |" in table([row(10), unsigned])
