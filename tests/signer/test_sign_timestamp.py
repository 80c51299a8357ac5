"""Time stamps of a real RFC 3161 authority (OpenSSL's, on the loopback), and what happens when there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rfc3161_client import TimestampRequestBuilder
from signing_bench import Bench
from support.time_authority import TimeAuthority, nobody, serving

from provenance.assets import Capture, SignedAsset
from provenance.cli import main
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError
from provenance.identity import identity_of
from provenance.trust.anchors import AnchorKind, add_anchors, load_anchors
from signer.authorities import Authorities, StampPolicy
from signer.authority import development_authority
from signer.journal import Finished, Journal
from signer.order import Order, Signed, as_text, pinned
from signer.restamp import plans
from signer.sign import sign_file
from signer.timestamps import NoStampError, ask

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeAuthority]:
    with serving(TimeAuthority(tmp_path_factory.mktemp("tsa"))) as running:
        yield running


@pytest.fixture
def run(bench: Bench) -> Run:
    development_authority(bench.settings.keys)

    def call(*arguments: object, **environment: str) -> Result:
        words = ["--home", str(bench.settings.home), *(str(argument) for argument in arguments)]
        return CliRunner().invoke(main, words, env=environment, catch_exceptions=False)

    return call


def sign(
    bench: Bench, source: Path, target: Path, *urls: str, policy: StampPolicy = StampPolicy.REQUIRE, limit: float = 10
) -> SignedAsset:
    authorities = Authorities(urls, policy, limit)
    capture, settings = Capture(source, "t"), bench.settings
    return sign_file(capture, target, key=bench.key, settings=settings, anchors=bench.anchors, authorities=authorities)


def results(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)["results"]
    return found


def test_a_timestamp_of_a_trusted_authority_is_kept(
    bench: Bench, media: Callable[[str], Path], authority: TimeAuthority
) -> None:
    add_anchors(bench.settings.anchors, "time", authority.root_pem, kind=AnchorKind.TSA)
    trusting = Bench(bench.settings, bench.key, load_anchors(bench.settings.anchors))
    target = bench.settings.home / "signed.png"

    asset = sign(trusting, media("png"), target, authority.url("good"))

    credential = trusting.read(target)
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.timestamp is not None
    assert abs(datetime.fromisoformat(credential.timestamp) - datetime.now(UTC)) < timedelta(minutes=5)
    assert asset.stamp is not None
    assert (asset.stamp.authority, asset.stamp.failures, asset.notes) == (authority.url("good"), (), ())


def test_a_timestamp_of_an_unknown_authority_proves_no_time(
    bench: Bench, media: Callable[[str], Path], authority: TimeAuthority
) -> None:
    target = bench.settings.home / "signed.png"
    sign(bench, media("png"), target, authority.url("good"))
    credential = bench.read(target)
    assert (credential.state, credential.timestamp) == (CredentialState.AUTHENTIC, None)


def test_nobody_is_asked_for_the_time_unless_told_to(
    bench: Bench, media: Callable[[str], Path], authority: TimeAuthority
) -> None:
    authority.asked.clear()
    asset = sign(bench, media("png"), bench.settings.home / "signed.png")
    assert (authority.asked, asset.stamp) == ([], None)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("busy", "answered 503"),
        ("elsewhere", "answered 302"),
        ("empty", "no time stamp"),
        ("garbage", "no time stamp"),
        ("endless", "longer than"),
        ("refusal", "refused"),
        ("slow", "no answer within 0.5 s"),
        ("other-imprint", "another imprint"),
        ("other-nonce", "another nonce"),
        ("web-certificate", "CN=Stamper web) is not one for time-stamping"),
        ("two-purposes", "not one for time-stamping alone"),
    ],
)
def test_an_answer_that_is_no_stamp_for_this_is_refused_with_the_reason(
    way: str, words: str, authority: TimeAuthority
) -> None:
    query = TimestampRequestBuilder().data(b"a signature").build().as_bytes()
    with pytest.raises(NoStampError) as caught:
        ask(authority.url(way), query, 0.5 if way == "slow" else 10)
    assert words in str(caught.value)


def test_the_next_authority_is_asked_when_one_is_down_wrong_or_lying(
    bench: Bench, media: Callable[[str], Path], authority: TimeAuthority
) -> None:
    ways = ("web-certificate", "forged", "good", "busy")
    authority.asked.clear()
    target = bench.settings.home / "signed.png"
    asset = sign(bench, media("png"), target, nobody(), *map(authority.url, ways))
    assert authority.asked == ["web-certificate", "forged", "good"]
    assert asset.stamp is not None
    assert asset.stamp.authority == authority.url("good")
    assert len(asset.stamp.failures) == 3
    assert "did not take its stamp" in asset.stamp.failures[2]
    assert f"the time stamp is by {authority.url('good')}" in asset.notes[0]


def test_authorities_for_which_there_was_no_time_are_asked_for_the_next_signature(
    bench: Bench, media: Callable[[str], Path], authority: TimeAuthority
) -> None:
    class Slow(Authorities):
        """Each question takes as long as it may, on a clock of its own."""

        now = 0.0

        def ask(self, url: str, query: bytes) -> bytes:
            self.now += self.limit_s
            return super().ask(url, query)

    ways = ("busy", "garbage", "empty", "refusal", "good")
    slow = Slow(tuple(map(authority.url, ways)))
    slow.clock = lambda: slow.now
    authority.asked.clear()
    target = bench.settings.home / "signed.png"
    asset = sign_file(
        Capture(media("png"), "t"), target, key=bench.key, settings=bench.settings, anchors=(), authorities=slow
    )
    assert authority.asked == list(ways)
    assert asset.stamp is not None
    assert (asset.stamp.authority, len(asset.stamp.failures)) == (authority.url("good"), 4)


def test_where_none_answers_nothing_is_written_and_each_is_named(
    bench: Bench, media: Callable[[str], Path], authority: TimeAuthority, tmp_path: Path
) -> None:
    down, busy = nobody(), authority.url("busy")
    with pytest.raises(CredentialError) as caught:
        sign(bench, media("png"), tmp_path / "signed.png", down, busy)
    assert caught.value.code == "sign.timestamp"
    assert down in str(caught.value.found)
    assert f"{busy}: it answered 503" in str(caught.value.found)
    assert [path for path in tmp_path.iterdir() if path != bench.settings.home] == []
    assert not bench.settings.references.exists()


def test_an_optional_stamp_is_missed_in_words(
    bench: Bench, media: Callable[[str], Path], authority: TimeAuthority
) -> None:
    target = bench.settings.home / "signed.png"
    asset = sign(bench, media("png"), target, authority.url("garbage"), policy=StampPolicy.OPTIONAL)
    assert bench.read(target).state is CredentialState.AUTHENTIC
    assert asset.stamp is not None
    assert asset.stamp.authority is None
    assert asset.notes[0].startswith("it was signed without a time stamp, since others gave none: http://127.0.0.1")


def test_a_silent_authority_does_not_hold_up_file_after_file(authority: TimeAuthority) -> None:
    now = 100.0
    authorities = Authorities((authority.url("busy"),), clock=lambda: now)
    query = TimestampRequestBuilder().data(b"a signature").build().as_bytes()
    authority.asked.clear()
    for _ in range(3):
        with pytest.raises(NoStampError):
            authorities.ask(authority.url("busy"), query)
    assert authority.asked == ["busy"]
    now += 31
    with pytest.raises(NoStampError):
        authorities.ask(authority.url("busy"), query)
    assert authority.asked == ["busy", "busy"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "tsa.example", "http://", "http://[", "https://a:0/"])
def test_what_is_no_address_of_an_authority_is_refused(url: str) -> None:
    with pytest.raises(CredentialError) as caught:
        Authorities((url,))
    assert caught.value.code == "sign.tsa_url"


def test_a_password_in_an_address_is_shown_to_nobody(bench: Bench, media: Callable[[str], Path]) -> None:
    down = nobody().replace("http://", "http://desk:secret@") + "stamp?key=secret"
    asset = sign(bench, media("png"), bench.settings.home / "a.png", down, policy=StampPolicy.OPTIONAL)
    assert "secret" not in repr(asset.stamp) + repr(asset.notes)


def test_what_waits_for_its_stamp_gets_it_later_and_is_registered_then(
    run: Run,
    bench: Bench,
    media: Callable[[str], Path],
    authority: TimeAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run("init").exit_code == 0
    # The library asks us on the loopback, whatever proxy the machine is told to use.
    monkeypatch.setenv("HTTP_PROXY", nobody())
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "picture.png").write_bytes(media("png").read_bytes())
    words = ["sign", tmp_path / "in", "-o", tmp_path / "out", "--tsa-policy", "queue", "--register", "--json"]
    # The authority of the settings is down; later it is there again.
    toml = bench.settings.home / "settings.toml"
    toml.write_text(f'tsa = ["{authority.url("switched")}"]\n')
    authority.on = False
    signed = results(run(*words))
    assert [(entry["result"], entry["timestamp"]["authority"], entry["registered"]) for entry in signed] == [
        ("signed", None, False)
    ]
    assert "provenance restamp" in signed[0]["notes"][-1]

    again = run("restamp", "--json")
    assert (again.exit_code, {entry["error"]["code"] for entry in results(again)}) == (1, {"sign.timestamp"})
    assert [(entry["result"], entry["registered"]) for entry in results(run(*words))] == [("done_before", False)]

    authority.on = True
    stamped = run("restamp", "--register", "--json")
    assert stamped.exit_code == 0
    assert [(entry["timestamp"]["authority"], entry["registered"]) for entry in results(stamped)] == [
        (authority.url("switched"), True)
    ]
    assert {entry["asset_id"] for entry in results(stamped)}.isdisjoint({entry["asset_id"] for entry in signed})
    assert results(run("restamp", "--json")) == []
    assert [entry["result"] for entry in results(run(*words))] == ["done_before"]


def test_what_was_replaced_or_changed_since_is_not_stamped_again(tmp_path: Path) -> None:
    order = Order("desk", tsa=("http://tsa.example",), tsa_policy="queue")
    with Journal(tmp_path / "signing.db") as journal:
        for name in ("kept", "replaced", "changed"):
            source, target = tmp_path / f"{name}.png", tmp_path / f"{name}.signed.png"
            source.write_text(name)
            target.write_text(name)
            identities = identity_of(source) or "", identity_of(target) or ""
            signed = Signed(target, None, name, None)
            journal.finish(source, target, Finished(identities[0], "", order.digest, identities[1], signed))
            journal.owe(source, target, as_text(order))
        (tmp_path / "replaced.signed.png").write_text("something else")
        (tmp_path / "changed.png").write_text("something else")

        ((again, plan, gone),) = plans(journal)

        assert (again.digest, again.tsa_policy) == (order.digest, "require")
        assert [(task.item.target.name, task.replace) for task in plan.tasks] == [("kept.signed.png", True)]
        assert [outcome.error.code for outcome in plan.refused if outcome.error] == ["output.outdated"]
        assert [outcome.source.name for outcome in gone] == ["replaced.png"]
        assert not journal.owes(tmp_path / "replaced.signed.png")
        assert journal.owes(tmp_path / "changed.signed.png")


def test_an_order_that_cannot_be_carried_out_keeps_no_other_from_its_stamp(run: Run, bench: Bench) -> None:
    home = bench.settings.home
    with Journal(home / "signing.db") as journal:
        for name in ("a", "b"):
            source, target = home / f"{name}.png", home / f"{name}.signed.png"
            for path in (source, target):
                path.write_text(name)
            order = Order(f"gone-{name}", tsa=(nobody(),), tsa_policy="queue")
            identities = identity_of(source) or "", identity_of(target) or ""
            entry = Finished(identities[0], "", order.digest, identities[1], Signed(target, None, name, None))
            journal.finish(source, target, entry)
            journal.owe(source, target, as_text(order))
    result = run("restamp", "--json")
    assert result.exit_code == 1
    told = {Path(entry["input"]).name: entry["error"]["code"] for entry in results(result)}
    assert told == {"a.png": "keys.missing", "b.png": "keys.missing"}


@pytest.mark.parametrize("now", ["another parent", None])
def test_what_was_made_from_another_file_than_the_order_named_is_not_stamped_again(
    now: str | None, tmp_path: Path
) -> None:
    parent, source, target = (tmp_path / name for name in ("parent.png", "cut.png", "cut.signed.png"))
    for path in (parent, source, target):
        path.write_text(path.name)
    order = pinned(Order("desk", tsa=("http://tsa.example",), tsa_policy="queue", parent=str(parent)))
    with Journal(tmp_path / "signing.db") as journal:
        identities = identity_of(source) or "", identity_of(target) or ""
        entry = Finished(identities[0], "", order.digest, identities[1], Signed(target, None, "cut", None))
        journal.finish(source, target, entry)
        journal.owe(source, target, as_text(order))
        ((_, plan, _),) = plans(journal)
        assert [task.item.target for task in plan.tasks] == [target]
        parent.unlink()
        if now is not None:
            parent.write_text(now)
        ((_, plan, _),) = plans(journal)
        assert (plan.tasks, [outcome.error.code for outcome in plan.refused if outcome.error]) == (
            (),
            ["order.outdated"],
        )
        assert journal.owes(target)


def test_a_policy_without_an_authority_is_wrong_usage(run: Run, media: Callable[[str], Path]) -> None:
    assert run("sign", media("png"), "--tsa-policy", "optional").exit_code == 2
