"""Private keys stay private, and only a chain that may sign claims gets to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from signing_bench import Bench

from provenance.assets import Capture
from provenance.credentials.values import CredentialState
from provenance.errors import KeyFileError
from provenance.trust.anchors import add_anchors, load_anchors
from provenance.trust.purposes import C2PA_SIGNING, DOCUMENT_SIGNING, EMAIL_PROTECTION
from signer.algorithms import ALGORITHMS, PrivateKey
from signer.authority import Issued, development_authority, issue_authority, issue_leaf
from signer.certificates import assess_chain
from signer.key_choice import choose_default, default_key
from signer.key_files import open_private, read_pem
from signer.key_folder import entry_of, key_names
from signer.key_import import create_key, import_key
from signer.keys import load_key
from signer.request import signing_request
from signer.sign import sign_file
from signer.signing import SigningKey

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PASSPHRASE = "correct horse battery"


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue_authority("Root", None, NOW, 100, path_length=1)


@pytest.fixture(scope="module")
def authority(root: Issued) -> Issued:
    return issue_authority("Intermediate", root, NOW, 100, path_length=0)


def chain_pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def key_pem(private: PrivateKey, passphrase: str | None = PASSPHRASE) -> bytes:
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    )
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(KeyFileError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_signs_what_reads_back_as_trusted(
    algorithm: str, bench: Bench, media: Callable[[str], Path]
) -> None:
    now = datetime.now(UTC)
    root = issue_authority("Root", None, now, 100, path_length=1)
    intermediate = issue_authority("Intermediate", root, now, 100, path_length=0)
    leaf = issue_leaf("Signer", "A newsroom", intermediate, now, 30, algorithm=algorithm)
    chain = chain_pem(leaf.certificate, intermediate.certificate)
    import_key(bench.settings.keys, "desk", key_pem(leaf.private), chain, PASSPHRASE)
    key = load_key(bench.settings.keys, "desk", PASSPHRASE)
    add_anchors(bench.settings.anchors, "own", chain_pem(root.certificate))
    target = bench.settings.home / "signed.png"
    anchors = load_anchors(bench.settings.anchors)

    sign_file(Capture(media("png"), "t"), target, key=key, settings=bench.settings, anchors=anchors)

    credential = Bench(bench.settings, key, anchors).read(target)
    assert (key.algorithm, credential.state) == (algorithm, CredentialState.AUTHENTIC)
    assert credential.signer is not None
    assert credential.signer.organisation == "A newsroom"


def test_a_new_key_is_encrypted_and_closed_to_others(tmp_path: Path) -> None:
    create_key(tmp_path, "desk", "es256", PASSPHRASE)
    path = tmp_path / "desk.key.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert refused(lambda: create_key(tmp_path, "desk", "es256", PASSPHRASE)) == "keys.exists"


@pytest.mark.parametrize("name", ["", "../desk", "a/b", ".hidden", "x" * 65, "desk\n"])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    assert refused(lambda: create_key(tmp_path, name, "es256", PASSPHRASE)) == "keys.name"
    assert list(tmp_path.iterdir()) == []


def test_a_short_passphrase_and_an_unknown_algorithm_write_nothing(tmp_path: Path) -> None:
    assert refused(lambda: create_key(tmp_path, "desk", "es256", "short")) == "keys.passphrase_short"
    assert refused(lambda: create_key(tmp_path, "desk", "rs256", PASSPHRASE)) == "keys.algorithm"
    assert list(tmp_path.iterdir()) == []


def test_request_certify_import_and_load(tmp_path: Path, authority: Issued) -> None:
    create_key(tmp_path, "desk", "es384", PASSPHRASE)
    assert refused(lambda: load_key(tmp_path, "desk", PASSPHRASE, now=NOW)) == "keys.no_certificate"
    private = open_private(read_pem(tmp_path / "desk.key.pem"), PASSPHRASE, "desk")
    request = x509.load_pem_x509_csr(signing_request(private, "City Courier", None, "RS"))
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=City Courier,O=City Courier,C=RS"
    certificate = certify(request, authority)

    import_key(tmp_path, "desk", None, chain_pem(certificate, authority.certificate), PASSPHRASE, now=NOW)

    key = load_key(tmp_path, "desk", PASSPHRASE, now=NOW)
    assert (key.algorithm, key.organisation, key.development) == ("es384", "City Courier", False)


def certify(request: x509.CertificateSigningRequest, authority: Issued) -> x509.Certificate:
    """What an authority does with a request: its subject and extensions under a new certificate."""
    from cryptography.hazmat.primitives import hashes

    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(authority.certificate.subject)
        .public_key(request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.private.public_key()), critical=False
        )
    )
    for extension in request.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(authority.private, hashes.SHA256())


def test_a_wrong_or_missing_passphrase_is_named(tmp_path: Path, authority: Issued) -> None:
    leaf = issue_leaf("Signer", "O", authority, NOW, 30)
    import_key(
        tmp_path, "desk", key_pem(leaf.private), chain_pem(leaf.certificate, authority.certificate), PASSPHRASE, now=NOW
    )
    assert refused(lambda: load_key(tmp_path, "desk", "wrong passphrase", now=NOW)) == "keys.passphrase"
    assert refused(lambda: load_key(tmp_path, "desk", None, now=NOW)) == "keys.passphrase"


def test_a_key_file_open_to_others_is_refused(tmp_path: Path, authority: Issued) -> None:
    leaf = issue_leaf("Signer", "O", authority, NOW, 30)
    chain = chain_pem(leaf.certificate, authority.certificate)
    import_key(tmp_path, "desk", key_pem(leaf.private, None), chain, PASSPHRASE, now=NOW)
    path = tmp_path / "desk.key.pem"
    assert b"ENCRYPTED" in path.read_bytes()
    path.chmod(0o640)
    assert refused(lambda: load_key(tmp_path, "desk", PASSPHRASE, now=NOW)) == "keys.mode"


def test_a_bare_key_is_only_accepted_if_it_calls_itself_unprotected(tmp_path: Path, authority: Issued) -> None:
    leaf = issue_leaf("Signer", "O", authority, NOW, 30)
    chain = chain_pem(leaf.certificate, authority.certificate)
    import_key(tmp_path, "desk", key_pem(leaf.private), chain, PASSPHRASE, now=NOW)
    (tmp_path / "desk.key.pem").write_bytes(key_pem(leaf.private, None))
    assert refused(lambda: load_key(tmp_path, "desk", None, now=NOW)) == "keys.unprotected"


@pytest.mark.parametrize("purpose", [EMAIL_PROTECTION, DOCUMENT_SIGNING, C2PA_SIGNING])
def test_a_certificate_for_any_allowed_purpose_signs_what_reads_back_as_trusted(
    purpose: str, bench: Bench, media: Callable[[str], Path]
) -> None:
    now = datetime.now(UTC)
    root = issue_authority("Root", None, now, 100, path_length=0)
    leaf = issue_leaf("Signer", "O", root, now, 30, purposes=(purpose,))
    key = SigningKey("desk", "es256", (leaf.certificate,), leaf.private)
    add_anchors(bench.settings.anchors, "own", chain_pem(root.certificate))
    trusting = Bench(bench.settings, key, load_anchors(bench.settings.anchors))
    target = bench.settings.home / "signed.png"
    sign_file(Capture(media("png"), "t"), target, key=key, settings=bench.settings, anchors=trusting.anchors)
    assert trusting.read(target).state is CredentialState.AUTHENTIC
    # Who has no list that vouches for the signer still reads a sound credential.
    assert bench.read(target).state is CredentialState.UNTRUSTED


@pytest.mark.parametrize(
    "purposes",
    [(), ("1.3.6.1.5.5.7.3.1",), ("2.5.29.37.0",), (EMAIL_PROTECTION, "1.3.6.1.5.5.7.3.8")],
    ids=["none", "web server", "any", "time stamping"],
)
def test_other_purposes_are_refused_before_anything_is_written(
    purposes: tuple[str, ...], tmp_path: Path, authority: Issued
) -> None:
    leaf = issue_leaf("Signer", "O", authority, NOW, 30, purposes=purposes)
    chain = chain_pem(leaf.certificate, authority.certificate)
    code = refused(lambda: import_key(tmp_path, "desk", key_pem(leaf.private), chain, PASSPHRASE, now=NOW))
    assert (code, list(tmp_path.iterdir())) == ("keys.eku", [])


def test_chains_that_cannot_sign_are_refused_for_what_is_wrong_with_them(root: Issued, authority: Issued) -> None:
    leaf = issue_leaf("Signer", "O", authority, NOW, 30)

    def codes(*chain: x509.Certificate, now: datetime = NOW) -> set[str]:
        return {problem.code for problem in assess_chain(chain, now)}

    assert codes(leaf.certificate, authority.certificate, root.certificate) == set()
    assert codes() == {"keys.chain_unreadable"}
    assert codes(leaf.certificate, root.certificate) == {"keys.chain_order"}
    assert codes(authority.certificate, root.certificate) == {"keys.profile", "keys.eku"}
    assert codes(leaf.certificate, authority.certificate, now=NOW + timedelta(days=31)) == {"keys.expired"}
    assert codes(leaf.certificate, authority.certificate, now=NOW - timedelta(days=1)) == {"keys.not_yet_valid"}


def test_a_chain_that_is_not_the_keys_own_is_refused_before_anything_is_written(
    tmp_path: Path, authority: Issued
) -> None:
    leaf, other = (issue_leaf(name, "O", authority, NOW, 30) for name in ("Signer", "Other"))
    for chain in (
        chain_pem(other.certificate, authority.certificate),
        chain_pem(authority.certificate, leaf.certificate),
    ):
        assert refused(import_of(tmp_path, leaf, chain)) == "keys.mismatch"
    assert list(tmp_path.iterdir()) == []


def import_of(folder: Path, leaf: Issued, chain: bytes) -> Callable[[], object]:
    return lambda: import_key(folder, "desk", key_pem(leaf.private), chain, PASSPHRASE, now=NOW)


def test_the_default_is_the_only_key_or_the_chosen_one(tmp_path: Path) -> None:
    assert refused(lambda: default_key(tmp_path)) == "keys.missing"
    create_key(tmp_path, "one", "ed25519", PASSPHRASE)
    assert default_key(tmp_path) == "one"
    create_key(tmp_path, "two", "ed25519", PASSPHRASE)
    assert refused(lambda: default_key(tmp_path)) == "keys.ambiguous"
    choose_default(tmp_path, "two")
    assert default_key(tmp_path) == "two"
    assert refused(lambda: choose_default(tmp_path, "three")) == "keys.missing"
    assert key_names(tmp_path) == ["one", "two"]


def test_a_development_authority_is_made_once_and_says_what_it_is(tmp_path: Path) -> None:
    first = development_authority(tmp_path, now=NOW)
    again = development_authority(tmp_path, now=NOW + timedelta(days=100))
    assert (first.created, again.created, first.root_pem == again.root_pem) == (True, False, True)
    key = load_key(tmp_path, "development", None, now=NOW)
    assert (key.development, key.organisation) == (True, "Development newsroom")
    assert (tmp_path / "development.key.pem").read_bytes().startswith(b"UNPROTECTED DEVELOPMENT KEY")
    assert (tmp_path / "development.key.pem").stat().st_mode & 0o777 == 0o600
    assert entry_of(tmp_path, "development").secret is None


def test_an_expired_development_key_is_renewed_and_the_old_root_stays(tmp_path: Path) -> None:
    first = development_authority(tmp_path, now=NOW)
    renewed = development_authority(tmp_path, now=NOW + timedelta(days=900))
    assert renewed.created
    assert renewed.root_pem.startswith(first.root_pem)
    assert len(x509.load_pem_x509_certificates(renewed.root_pem)) == 2


@pytest.mark.parametrize("missing", ["development.key.pem", "development.chain.pem", "development.root.pem"])
def test_a_development_authority_half_made_is_made_whole(missing: str, tmp_path: Path) -> None:
    development_authority(tmp_path, now=NOW)
    (tmp_path / missing).unlink()
    assert development_authority(tmp_path, now=NOW).created
    assert load_key(tmp_path, "development", None, now=NOW).development
