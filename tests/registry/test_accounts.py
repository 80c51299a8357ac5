"""Tokens: kept as hashes, compared whole, ended by time and by hand; sessions end with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from postgres import BACKENDS
from sqlalchemy import select

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.account_models import SessionRow, TokenRow
from registry.accounts import (
    Scope,
    Token,
    add_organisation,
    list_organisations,
    list_tokens,
    new_token,
    revoke_token,
    token_of,
)
from registry.sessions import close_session, form_secret, is_form_secret, open_session, session_token
from registry.store import Registry, create_registry, open_registry

HERALD = "organisation:Herald"


def publisher(registry: Registry, valid: timedelta | None = timedelta(days=1)) -> tuple[Token, str]:
    add_organisation(registry, HERALD)
    return new_token(registry, "desk", role="publisher", owner=HERALD, valid=valid)


@BACKENDS
def test_a_token_is_found_by_its_text_and_kept_as_a_hash(registry: Registry) -> None:
    token, text = publisher(registry)
    assert token_of(registry, text) == token == list_tokens(registry)[0]
    assert token.scopes == {Scope.READ, Scope.CHECK, Scope.REGISTER, Scope.MANAGE, Scope.MODERATE}
    with registry.reading() as session:
        row = session.scalars(select(TokenRow)).one()
        stored = [str(getattr(row, column.key)) for column in TokenRow.__table__.columns]
    secret = text.rsplit("_", 1)[1]
    assert len(secret) == 64
    assert not [value for value in stored if secret in value]
    assert text not in token.actor


def test_no_two_tokens_are_alike(registry: Registry) -> None:
    assert publisher(registry)[1] != publisher(registry)[1]


@pytest.mark.parametrize("spoilt", ["", "x", "other id", "other secret", "longer", "upper case", "with a zero"])
def test_what_is_not_the_whole_text_of_a_token_is_refused_alike(registry: Registry, spoilt: str) -> None:
    token, text = publisher(registry)
    _, other = publisher(registry)
    given = {
        "other id": text.replace(token.token_id, "0" * 12),
        "other secret": f"prvt_{token.token_id}_{other.rsplit('_', 1)[1]}",
        "longer": text + "0",
        "upper case": text.upper(),
        "with a zero": text + "\0",
    }.get(spoilt, spoilt)
    with pytest.raises(RegistryError) as caught:
        token_of(registry, given)
    assert caught.value.code == "token.invalid"
    assert text not in str(caught.value)


def test_a_revoked_token_is_refused_and_stays_revoked_since_then(registry: Registry) -> None:
    token, text = publisher(registry)
    revoked = revoke_token(registry, token.token_id)
    assert revoke_token(registry, token.token_id).revoked_at == revoked.revoked_at
    with pytest.raises(RegistryError) as caught:
        token_of(registry, text)
    assert caught.value.code == "token.revoked"


def test_tokens_and_sessions_expire(settings: Settings) -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    create_registry(settings).close()
    with open_registry(settings, clock=lambda: moment) as registry:
        _, text = publisher(registry, timedelta(days=1))
        _, lasting = publisher(registry, None)
        short, longer = open_session(registry, lasting, timedelta(hours=1)), open_session(registry, text, timedelta(9))
        moment += timedelta(hours=1)
        assert session_token(registry, short) is None
        assert session_token(registry, longer) is not None
        moment += timedelta(hours=23)
        with pytest.raises(RegistryError) as caught:
            token_of(registry, text)
        assert caught.value.code == "token.expired"
        assert session_token(registry, longer) is None
        assert token_of(registry, lasting)


@BACKENDS
def test_a_session_ends_by_hand_and_with_its_token(registry: Registry) -> None:
    token, text = publisher(registry)
    first, second = (open_session(registry, text, timedelta(hours=1)) for _ in range(2))
    assert session_token(registry, first) == token
    close_session(registry, first)
    close_session(registry, first)
    assert session_token(registry, first) is None
    assert session_token(registry, second) == token
    with registry.reading() as session:
        assert second not in {row.secret_sha256 for row in session.scalars(select(SessionRow))}
    revoke_token(registry, token.token_id)
    assert session_token(registry, second) is None


def test_a_form_of_one_session_is_none_of_another() -> None:
    assert is_form_secret("a" * 64, form_secret("a" * 64))
    assert not is_form_secret("a" * 64, form_secret("b" * 64))
    assert not is_form_secret("a" * 64, "ünknown")


def test_a_token_gets_no_more_than_its_role_and_an_organisation_that_is_known(registry: Registry) -> None:
    add_organisation(registry, HERALD)
    reader = {"role": "reader", "valid": None}
    narrow, _ = new_token(registry, "n", role="publisher", owner=HERALD, valid=None, scopes=[Scope.REGISTER])
    assert narrow.scopes == {Scope.REGISTER}
    with pytest.raises(RegistryError, match="fewer scopes"):
        new_token(registry, "n", owner=HERALD, scopes=[Scope.ADMIN], **reader)  # type: ignore[arg-type]
    with pytest.raises(RegistryError, match="no such organisation"):
        new_token(registry, "n", owner="organisation:Courier", **reader)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "owner", ["Herald", "organisation:", "organisation: Herald", "organisation:a\nb", "certificate:12", "x" * 300]
)
def test_an_organisation_has_a_name_that_a_certificate_could_have(registry: Registry, owner: str) -> None:
    with pytest.raises(RegistryError) as caught:
        add_organisation(registry, owner)
    assert caught.value.code == "organisation.name"
    assert list_organisations(registry) == []


def test_adding_an_organisation_again_changes_nothing(registry: Registry) -> None:
    assert add_organisation(registry, HERALD)
    assert not add_organisation(registry, HERALD)
    assert [one.owner for one in list_organisations(registry)] == [HERALD]
