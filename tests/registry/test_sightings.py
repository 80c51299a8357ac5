"""Sightings in the registry: filed, counted, answered by whom they concern, and nothing kept of who filed them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from postgres import BACKENDS
from sqlalchemy import inspect
from synthetic_assets import add_asset, frame_prints

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.backup import export
from registry.models import AssetRow
from registry.sighting_lists import Count, all_answered, answered, counts, queue
from registry.sighting_values import Answer, Filing, Moderator, Reply, State
from registry.sightings import answer, dismiss, file, find
from registry.store import Registry, create_registry, open_registry

HERALD, COURIER = Moderator("organisation:Herald"), Moderator("organisation:Courier")
ADMIN = Moderator(None, admin=True)
ADDRESS = "https://video.example.com/watch?v=1"


class Clock:
    """Time that passes by a second whenever it is asked, and jumps when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 30, 23, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(settings: Settings, clock: Clock) -> Iterator[Registry]:
    """A registry with an asset of the Herald and one of the Courier."""
    with create_registry(settings, clock) as store:
        prints = frame_prints(np.zeros((1, 32), dtype=np.uint8))
        add_asset(store, "harbour", prints)
        add_asset(store, "market", prints, owner="organisation:Courier")
        yield store


def refused(action: Callable[[], object]) -> str:
    with pytest.raises(RegistryError) as caught:
        action()
    assert caught.value.hint
    return caught.value.code


@BACKENDS
def test_a_sighting_is_filed_answered_corrected_and_found_again(registry: Registry) -> None:
    filed = file(registry, Filing(ADDRESS, "at the harbour", "harbour", check_id="c-1"))
    assert (filed.state, filed.owner, filed.title, filed.times_filed) == (State.OPEN, HERALD.owner, "harbour", 1)
    assert len(filed.sighting_id) == 32
    first = answer(registry, filed.sighting_id, Reply(Answer.OURS, "it is ours"), HERALD)
    assert (first.state, first.answer, first.answer_text, first.changed_at) == (
        State.ANSWERED,
        Answer.OURS,
        "it is ours",
        None,
    )
    second = answer(registry, filed.sighting_id, Reply(Answer.ALTERED, "the face is not"), HERALD)
    assert second.answered_at == first.answered_at
    assert second.changed_at is not None
    assert second.answered_at is not None
    assert second.changed_at > second.answered_at
    assert find(registry, filed.sighting_id) == second
    assert refused(lambda: find(registry, "nobody")) == "sighting.unknown"


@BACKENDS
def test_the_same_sighting_is_counted_not_doubled(registry: Registry) -> None:
    first = file(registry, Filing("HTTPS://Video.Example.com:443/watch?v=1", "first", "harbour"))
    again = file(registry, Filing(ADDRESS, "second", "harbour"))
    assert (again.sighting_id, again.times_filed, again.note) == (first.sighting_id, 2, "first")
    others = {file(registry, Filing(ADDRESS, owner=owner)).sighting_id for owner in (None, HERALD.owner, COURIER.owner)}
    assert len(others | {first.sighting_id}) == 4
    answer(registry, first.sighting_id, Reply(Answer.OURS), HERALD)
    assert file(registry, Filing(ADDRESS, asset_id="harbour")).state is State.ANSWERED


@BACKENDS
def test_filed_by_many_at_once_it_is_one(registry: Registry) -> None:
    threads = [threading.Thread(target=file, args=(registry, Filing(ADDRESS, asset_id="harbour"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (only,) = queue(registry, HERALD, limit=10).sightings
    assert only.times_filed == 4


@BACKENDS
def test_only_the_organisation_that_it_concerns_answers(registry: Registry) -> None:
    sighting_id = file(registry, Filing(ADDRESS, asset_id="harbour")).sighting_id
    for act in (
        lambda: answer(registry, sighting_id, Reply(Answer.NOT_OURS), COURIER),
        lambda: dismiss(registry, sighting_id, COURIER),
    ):
        assert refused(act) == "sighting.other_owner"
    assert find(registry, sighting_id).state is State.OPEN
    assert answer(registry, sighting_id, Reply(Answer.OURS), ADMIN).owner == HERALD.owner
    assert refused(lambda: dismiss(registry, sighting_id, COURIER)) == "sighting.other_owner"
    gone = dismiss(registry, sighting_id, HERALD)
    assert (gone.state, gone.answer, gone.answer_text, gone.answered_at) == (State.DISMISSED, None, "", None)
    assert answered(registry, limit=10).sightings == ()


@BACKENDS
def test_what_concerns_nobody_is_claimed_by_who_says_that_it_is_theirs(registry: Registry) -> None:
    sighting_id = file(registry, Filing(ADDRESS)).sighting_id
    for act in (
        lambda: answer(registry, sighting_id, Reply(Answer.NOT_OURS), COURIER),
        lambda: answer(registry, sighting_id, Reply(Answer.OURS), ADMIN),
        lambda: dismiss(registry, sighting_id, COURIER),
    ):
        assert refused(act) == "sighting.unclaimed"
    for other in ("harbour", "nobody"):
        reply = Reply(Answer.OURS, asset_id=other)
        assert refused(lambda reply=reply: answer(registry, sighting_id, reply, COURIER)).startswith("asset.")
    claimed = answer(registry, sighting_id, Reply(Answer.OURS, asset_id="market"), COURIER)
    assert (claimed.owner, claimed.asset_id, claimed.title) == (COURIER.owner, "market", "market")
    assert refused(lambda: answer(registry, sighting_id, Reply(Answer.OURS), HERALD)) == "sighting.other_owner"
    assert dismiss(registry, file(registry, Filing(f"{ADDRESS}2")).sighting_id, ADMIN).state is State.DISMISSED


@BACKENDS
def test_of_two_who_claim_at_once_one_has_it(registry: Registry) -> None:
    sighting_id = file(registry, Filing(ADDRESS)).sighting_id
    codes: list[str] = []

    def claim(moderator: Moderator) -> None:
        try:
            answer(registry, sighting_id, Reply(Answer.OURS), moderator)
        except RegistryError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=claim, args=(moderator,)) for moderator in (HERALD, COURIER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ["sighting.other_owner"]
    assert find(registry, sighting_id).owner in {HERALD.owner, COURIER.owner}


def test_nobody_learns_of_an_embargoed_asset_by_filing(registry: Registry) -> None:
    with registry.writing() as session:
        for asset_id in ("harbour", "market"):
            session.get_one(AssetRow, asset_id).embargoed = True
    assert refused(lambda: file(registry, Filing(ADDRESS, asset_id="harbour"))) == "asset.unknown"
    assert refused(lambda: file(registry, Filing(ADDRESS, owner=HERALD.owner))) == "organisation.unknown"
    sighting_id = file(registry, Filing(ADDRESS)).sighting_id
    reply = Reply(Answer.OURS, asset_id="harbour")
    assert refused(lambda: answer(registry, sighting_id, reply, HERALD)) == "asset.unknown"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "harbour.mp4",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com/x",
        "//example.com/x",
        "https://",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://0x7f.0x1/x",
        "https://[::1]/x",
        "http://10.0.0.8/reboot",
        "http://169.254.169.254/latest",
        "https://herald.example@evil.example/x",
        "https://example.com\\@evil.example/x",
        "https://exa mple.com/x",
        "https://example.com/\n<script>",
        "https://example.com/\u202egpj.exe",
        "https://example.com:99999/",
        "https://" + "a" * 64 + ".example/",
        "https://example.com/" + "a" * 2048,
        "https://example.com/" + "é" * 1000,
        "https://[not-an-address]/",
        "https://\ud800.example/",
    ],
)
def test_only_addresses_of_the_public_web_are_taken(registry: Registry, address: str) -> None:
    assert refused(lambda: file(registry, Filing(address))) == "sighting.address"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  HTTP://Example.com:80  ", "http://example.com/"),
        ("https://example.com:8443/a?b=c%20d&e#f", "https://example.com:8443/a?b=c%20d&e#f"),
        ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://еxample.com/", "https://xn--xample-2of.com/"),
        ("https://example.com/\"><script>alert('x')</script>", "https://example.com/%22%3E%3Cscript%3Ealert(%27x%27)%3C/script%3E"),
        ("https://example.com/my clip.mp4", "https://example.com/my%20clip.mp4"),
        ("https://93.184.216.34/x", "https://93.184.216.34/x"),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x"),
    ],
)  # fmt: skip
def test_an_address_is_kept_in_one_way_of_writing_it(registry: Registry, given: str, kept: str) -> None:
    assert file(registry, Filing(given)).address == kept


@BACKENDS
def test_words_are_bounded_and_steer_nothing(registry: Registry) -> None:
    filed = file(registry, Filing(ADDRESS, "one\r\ntwo\x00\x1b[31m\u202e\ud800 <b>", "harbour"))
    assert filed.note == "one\ntwo\\x00\\x1b[31m\\u202e\\ud800 <b>"
    assert refused(lambda: file(registry, Filing(ADDRESS, "x" * 2001))) == "sighting.text"
    long = Reply(Answer.OURS, "x" * 2001)
    assert refused(lambda: answer(registry, filed.sighting_id, long, HERALD)) == "sighting.text"
    assert refused(lambda: file(registry, Filing(ADDRESS, check_id="../x"))) == "sighting.check"
    assert refused(lambda: file(registry, Filing(ADDRESS, asset_id="x\x00"))) == "asset.unknown"
    assert refused(lambda: find(registry, "\x00\ud800")) == "sighting.unknown"
    assert refused(lambda: file(registry, Filing(ADDRESS, owner="\ud800"))) == "organisation.unknown"


@BACKENDS
def test_pages_show_each_sighting_once_and_in_order(registry: Registry) -> None:
    ids = [file(registry, Filing(f"{ADDRESS}{n}", asset_id="harbour")).sighting_id for n in range(5)]
    file(registry, Filing(ADDRESS, asset_id="market"))
    unknown = file(registry, Filing(ADDRESS)).sighting_id

    def pages(ask: Callable[[str | None], object]) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            page = ask(after)
            assert len(page.sightings) <= 2  # type: ignore[attr-defined]
            found += [sighting.sighting_id for sighting in page.sightings]  # type: ignore[attr-defined]
            after = page.after  # type: ignore[attr-defined]
            if after is None:
                return found

    assert pages(lambda after: queue(registry, HERALD, limit=2, after=after)) == [*ids, unknown]
    assert len(pages(lambda after: queue(registry, ADMIN, limit=2, after=after))) == 7
    for sighting_id in ids[:4]:
        answer(registry, sighting_id, Reply(Answer.OURS), HERALD)
    assert pages(lambda after: answered(registry, limit=2, after=after)) == ids[3::-1]
    assert [sighting.sighting_id for sighting in all_answered(registry)] == ids[3::-1]
    assert answered(registry, limit=2, owner=COURIER.owner).sightings == ()
    assert len(answered(registry, limit=9, asset_id="harbour").sightings) == 4
    assert refused(lambda: answered(registry, limit=2, after="1' OR 1=1")) == "request.cursor"


@BACKENDS
def test_counts_are_by_month_of_filing_and_kind(registry: Registry, clock: Clock) -> None:
    def filed(n: int, given: Answer | None, times: int = 1) -> str:
        for _ in range(times):
            sighting = file(registry, Filing(f"{ADDRESS}{n}", asset_id="harbour"))
        if given is not None:
            answer(registry, sighting.sighting_id, Reply(given), HERALD)
        return sighting.sighting_id

    filed(0, Answer.OURS)
    late = filed(1, None, times=3)
    clock.now += timedelta(hours=2)
    answer(registry, late, Reply(Answer.ALTERED), HERALD)
    filed(2, Answer.ALTERED)
    filed(3, None)
    filed(4, Answer.OURS, times=2)
    clock.now += timedelta(days=100)
    filed(5, Answer.NOT_OURS)
    dismiss(registry, filed(6, None), HERALD)
    file(registry, Filing(ADDRESS, asset_id="market"))
    assert counts(registry, HERALD.owner) == [
        Count("2026-09", "altered", 1, 3),
        Count("2026-09", "ours", 1, 1),
        Count("2026-10", "altered", 1, 1),
        Count("2026-10", "open", 1, 1),
        Count("2026-10", "ours", 1, 2),
        Count("2027-01", "not_ours", 1, 1),
    ]
    assert Count("2027-01", "open", 1, 1) in counts(registry)


@BACKENDS
def test_no_column_holds_who_filed_it_or_where_from(registry: Registry) -> None:
    with registry.engine.connect() as connection:
        columns = {column["name"] for column in inspect(connection).get_columns("sightings")}
    assert columns == {
        "sighting_id", "key_sha256", "address", "note", "asset_id", "owner", "check_id", "times_filed", "filed_at",
        "state", "answer", "answer_text", "answered_at", "changed_at",
    }  # fmt: skip


@BACKENDS
def test_a_backup_has_the_sightings(registry: Registry, settings: Settings) -> None:
    filed = file(registry, Filing(ADDRESS, "here", "harbour"))
    home = settings.home.parent / "copy"
    export(registry, home)
    with open_registry(Settings(home=home)) as copy:
        assert find(copy, filed.sighting_id) == filed
