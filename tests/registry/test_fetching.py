"""Fetching from a stranger's address: real servers on this machine with the rule of addresses opened for them."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from provenance.errors import RegistryError
from registry.fetching import Address, Rules, fetch, is_public

HERE = ipaddress.ip_address("127.0.0.1")


class Files(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        kind, _, rest = self.path[1:].partition("/")
        if kind == "to":
            self.send_response(302)
            self.send_header("Location", rest)
            self.end_headers()
        elif kind == "round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
        elif kind == "missing":
            self.send_error(404)
        elif kind == "drip":
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            self.drip(b"X")
        else:
            self.send_response(200)
            if kind == "broken":
                self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"the file")
            if kind == "slow":
                self.drip(b".")
            while kind == "endless" and self.send(b"." * 65536):
                pass

    def drip(self, piece: bytes) -> None:
        while self.send(piece):
            time.sleep(0.05)

    def send(self, piece: bytes) -> bool:
        try:
            self.wfile.write(piece)
        except OSError:
            return False
        return True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def rules(**changes: object) -> Rules:
    """As in earnest, but for names: every one leads here, and here may be fetched from."""
    given: dict[str, object] = {"max_bytes": 1 << 20, "max_seconds": 20, "allows": lambda a: a == HERE, "ports": None}
    return Rules(**given | {"resolve": lambda host, port: [HERE]} | changes)  # type: ignore[arg-type]


def refused(url: str, target: Path, given: Rules) -> str:
    with pytest.raises(RegistryError) as caught:
        fetch(url, target, given)
    return caught.value.code


def test_a_file_is_fetched_also_where_the_address_leads_on(port: int, tmp_path: Path) -> None:
    for path in ("file", "to//file", f"to/http://other.example:{port}/file"):
        fetch(f"http://news.example:{port}/{path}", tmp_path / "got", rules())
        assert (tmp_path / "got").read_bytes() == b"the file"


@pytest.mark.parametrize(
    ("path", "code"),
    [("round", "link.redirects"), ("missing", "link.status"), ("endless", "link.too_large"), ("broken", "link.failed")],
)
def test_what_is_no_bounded_file_is_refused(port: int, tmp_path: Path, path: str, code: str) -> None:
    assert refused(f"http://news.example:{port}/{path}", tmp_path / "got", rules()) == code


@pytest.mark.parametrize("path", ["slow", "drip"])
def test_what_comes_too_slowly_is_given_up(port: int, tmp_path: Path, path: str) -> None:
    assert refused(f"http://news.example:{port}/{path}", tmp_path / "got", rules(max_seconds=1)) == "link.too_slow"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0",
     "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1",
     "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fc00::1",
     "fd12::1", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "64:ff9b::7f00:1",
     "2002:7f00:1::1", "2001:0:7f00:1::1"],
)  # fmt: skip
def test_no_address_outside_the_public_network_is_asked(tmp_path: Path, address: str) -> None:
    known = ipaddress.ip_address(address)
    assert not is_public(known)
    given = Rules(1000, 5, resolve=lambda host, port: [known])
    assert refused("http://news.example/clip.mp4", tmp_path / "got", given) == "link.refused"
    assert not (tmp_path / "got").exists()


def test_public_addresses_are_public() -> None:
    assert all(is_public(ipaddress.ip_address(each)) for each in ("93.184.215.14", "2606:2800:21f::1", "8.8.8.8"))


def test_one_private_address_among_public_ones_is_enough_to_refuse(tmp_path: Path) -> None:
    both = [ipaddress.ip_address("93.184.215.14"), HERE]
    given = Rules(1000, 5, resolve=lambda host, port: both)
    assert refused("http://news.example/", tmp_path / "got", given) == "link.refused"


def test_a_name_is_asked_once_so_that_it_cannot_change(port: int, tmp_path: Path) -> None:
    asked: list[str] = []

    def changing(host: str, number: int) -> list[Address]:
        asked.append(host)
        return [HERE] if len(asked) == 1 else [ipaddress.ip_address("10.0.0.1")]

    fetch(f"http://news.example:{port}/file", tmp_path / "got", rules(resolve=changing))
    assert asked == ["news.example"]
    assert refused(f"http://news.example:{port}/to//file", tmp_path / "got", rules(resolve=changing)) == "link.refused"


def test_a_redirect_into_the_private_network_is_refused(port: int, tmp_path: Path) -> None:
    def names(host: str, number: int) -> list[Address]:
        return [HERE] if host == "news.example" else [ipaddress.ip_address("169.254.169.254")]

    url = f"http://news.example:{port}/to/http://metadata.example/latest"
    assert refused(url, tmp_path / "got", rules(resolve=names)) == "link.refused"
    assert refused(f"http://news.example:{port}/to/file:///etc/passwd", tmp_path / "got", rules()) == "link.address"


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://news.example/a", "gopher://news.example/", "http:///a", "http://me:secret@news.example/",
     "http://news.example:22/", "http://news.example:99999/", "http://[::1/", "http://news.example/\r\nX: y",
     "http://news.example/a b", "http://news.example/" + "a" * 3000, "", "news.example"],
)  # fmt: skip
def test_only_plain_addresses_of_the_web_are_taken(tmp_path: Path, url: str) -> None:
    given = Rules(1000, 5, resolve=lambda host, port: pytest.fail("it was looked up"))
    assert refused(url, tmp_path / "got", given) == "link.address"


def test_numbers_for_this_machine_are_refused_as_the_system_reads_them(tmp_path: Path) -> None:
    for host in ("127.1", "2130706433", "0x7f.1", "localhost", "[::1]"):
        assert refused(f"http://{host}/", tmp_path / "got", Rules(1000, 5)) == "link.refused", host
