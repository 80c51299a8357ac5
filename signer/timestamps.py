"""One question to one time-stamp authority (RFC 3161), with a time limit, and what its answer must be.

The C2PA library checks that the answer is signed by the certificate in it; the rest is checked here, since the library
would take stamps by certificates that are not for time-stamping.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest, TimeStampResponse

_MAX_ANSWER = 1 << 16
_GRANTED = (0, 1)
_WORDS = 200


class NoStampError(Exception):
    """Why an authority gave no usable time stamp, in words. ``silent``: nothing came back that could be read."""

    def __init__(self, words: str, *, silent: bool = False) -> None:
        super().__init__(words)
        self.silent = silent


def ask(url: str, query: bytes, limit_s: float) -> bytes:
    """Post a query, and check the answer.

    Raises:
        NoStampError: no answer within the time, or none that may be used.
    """
    answer = _within(limit_s, lambda: _post(url, query, limit_s))
    check_answer(query, answer)
    return answer


def check_answer(query: bytes, answer: bytes) -> None:
    """Check that an answer is a stamp for this query, by a certificate for time-stamping that was valid then.

    Raises:
        NoStampError: what is wrong with it.
    """
    from rfc3161_client import decode_timestamp_response
    from rfc3161_client._rust import parse_timestamp_request

    try:
        asked, given = parse_timestamp_request(query), decode_timestamp_response(answer)
        _check(asked, given)
    except (ValueError, TypeError) as error:
        raise NoStampError(f"its answer is no time stamp ({str(error)[:_WORDS]})") from error


def _check(asked: TimeStampRequest, given: TimeStampResponse) -> None:
    if given.status not in _GRANTED:
        raise NoStampError(f"it refused ({'; '.join(given.status_string)[:_WORDS] or given.status})")
    info = given.tst_info
    wanted = asked.message_imprint
    if (info.message_imprint.hash_algorithm, info.message_imprint.message) != (wanted.hash_algorithm, wanted.message):
        raise NoStampError("it stamped something else than was asked (another imprint)")
    if info.nonce != asked.nonce:
        raise NoStampError("its answer is for another question (another nonce)")
    signers = list(given.signed_data.signer_infos)
    certificates = [x509.load_der_x509_certificate(der) for der in given.signed_data.certificates]
    found = [c for c in certificates for s in signers if (c.issuer, c.serial_number) == (s.issuer, s.serial_number)]
    if len(signers) != 1 or len(found) != 1:
        raise NoStampError("it did not send the one certificate that signed the stamp")
    _check_certificate(found[0])
    if not found[0].not_valid_before_utc <= info.gen_time <= found[0].not_valid_after_utc:
        raise NoStampError(f"its certificate was not valid at the time that it stamped ({info.gen_time:%Y-%m-%d})")


def _check_certificate(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        purposes: list[str] = []
        critical = False
    else:
        purposes, critical = [oid.dotted_string for oid in usage.value], usage.critical
    # RFC 3161, 2.3: this purpose alone, and critical.
    if purposes != [ExtendedKeyUsageOID.TIME_STAMPING.dotted_string] or not critical:
        who = certificate.subject.rfc4514_string()[:_WORDS]
        raise NoStampError(f"its certificate ({who}) is not one for time-stamping alone")


def _post(url: str, query: bytes, limit_s: float) -> bytes:
    # Here and not at the top: most runs ask nobody for the time.
    import httpx

    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with httpx.stream("POST", url, content=query, headers=headers, timeout=limit_s) as response:
            if response.status_code != httpx.codes.OK:
                raise NoStampError(f"it answered {response.status_code}", silent=True)
            answer = bytearray()
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > _MAX_ANSWER:
                    raise NoStampError(f"its answer is longer than {_MAX_ANSWER} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoStampError(str(error)[:_WORDS] or type(error).__name__, silent=True) from error
    return bytes(answer)


def _within(limit_s: float, call: Callable[[], bytes]) -> bytes:
    """What a call returns, if in time: no limit of the client's bounds a slow resolver, or a byte now and then."""
    answers: list[bytes] = []
    failures: list[Exception] = []

    def run() -> None:
        try:
            answers.append(call())
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit_s)
    if answers:
        return answers[0]
    if failures:
        raise failures[0]
    raise NoStampError(f"no answer within {limit_s:g} s", silent=True)
