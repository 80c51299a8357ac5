"""Keys in AWS KMS, against moto's server: real requests, real signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from held_keys import NOW, refused
from moto.server import ThreadedMotoServer
from signing_bench import Bench

from provenance.assets import Capture
from provenance.cli import main
from provenance.trust.purposes import C2PA_SIGNING
from signer.authority import issue_authority, issue_leaf
from signer.keys import load_key
from signer.sign import sign_file
from signer.signing import chain_pem

REGION = "eu-central-1"


class Kms:
    """A service with one key, alias ``alias/desk``, and the certificate chain that an authority has issued for it."""

    def __init__(self, address: str, folder: Path) -> None:
        self.client = boto3.client("kms", region_name=REGION, endpoint_url=address)
        key = self.client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        self.client.create_alias(AliasName="alias/desk", TargetKeyId=key)
        public = serialization.load_der_public_key(self.client.get_public_key(KeyId=key)["PublicKey"])
        assert isinstance(public, ec.EllipticCurvePublicKey)
        self.public = public
        self.chain = folder / "desk.chain"
        self.chain.write_text(chain_pem((_certificate_for(public),)))


def _certificate_for(public: ec.EllipticCurvePublicKey) -> x509.Certificate:
    """What an authority issues: as for a key of its own making, but for this one."""
    root = issue_authority("Root", None, NOW, 400, path_length=0)
    model = issue_leaf("Desk", "City Courier", root, NOW, 300, purposes=(C2PA_SIGNING,)).certificate
    builder = x509.CertificateBuilder(model.issuer, model.subject, public, model.serial_number)
    builder = builder.not_valid_before(model.not_valid_before_utc).not_valid_after(model.not_valid_after_utc)
    for extension in model.extensions:
        if extension.oid != x509.SubjectKeyIdentifier.oid:
            builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(root.private, hashes.SHA256())


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        variables = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": address}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            yield Kms(address, tmp_path_factory.mktemp("kms"))
    finally:
        server.stop()


def test_a_key_of_the_service_signs_by_its_name(
    kms: Kms, bench: Bench, media: Callable[[str], Path], tmp_path: Path
) -> None:
    words = ["--home", bench.settings.home, "keys", "add", "desk", f"awskms:alias/desk?region={REGION}"]
    added = CliRunner().invoke(main, [*map(str, words), "--chain", str(kms.chain)], catch_exceptions=False)
    assert added.exit_code == 0
    key, target = load_key(bench.settings.keys, "desk", None), tmp_path / "signed.png"
    sign_file(Capture(media("png"), "t"), target, key=key, settings=bench.settings, anchors=bench.anchors)
    signer = bench.read(target).signer
    assert signer is not None
    assert signer.organisation == "City Courier"


def test_what_is_too_long_for_the_service_is_sent_as_its_digest(kms: Kms, tmp_path: Path) -> None:
    key = load_key(tmp_path, f"awskms:alias/desk?region={REGION}", None, chain_file=kms.chain)
    data = bytes(5000)
    signature = key.sign(data)
    # This service knows no DIGEST and hashes what it is sent once more; the real one does not.
    sent = hashes.Hash(hashes.SHA256())
    sent.update(data)
    kms.public.verify(signature, sent.finalize(), ec.ECDSA(hashes.SHA256()))


def test_what_the_service_refuses_is_said(kms: Kms, tmp_path: Path) -> None:
    error = refused(lambda: load_key(tmp_path, f"awskms:alias/nobody?region={REGION}", None, chain_file=kms.chain))
    assert error.code == "keys.kms"
    assert "NotFound" in str(error.found)
    for uri in ("awskms:", "awskms:alias/desk?zone=x", "awskms:alias/desk?region"):
        assert refused(lambda uri=uri: load_key(tmp_path, uri, None, chain_file=kms.chain)).code == "keys.uri"
