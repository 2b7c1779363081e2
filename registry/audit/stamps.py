"""Time stamps of seals' heads (RFC 3161): asked of an authority, kept, and held to the seals.

What is stamped is the head's line as `audit seal --to` writes it, so that anybody can hold the
answer to that file: `openssl ts -verify -data head.txt -in head.tsr -CAfile roots.pem`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from warnings import catch_warnings

from sqlalchemy import Connection, text

from registry.audit.finding import Finding
from registry.audit.seals import Seal
from registry.errors import Refused, WrongUsage, read_from
from registry.words import tr

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

TABLE = "stamp"
SECONDS = 30
MOST_BYTES = 1_000_000

_LIST = """
select s.stamp_number, s.seal_number, e.hash, s.stamped_at, s.authority, c.made_by, s.answer,
    s.trusted
from audit.stamp s
left join audit.seal e using (seal_number)
left join reference.change_set c using (change_id)
order by s.stamp_number
"""


@dataclass(frozen=True)
class Stamp:
    """A time stamp; `head` is what its seal's is, None where there is no such seal."""

    stamp: int
    seal: int
    head: str | None
    stamped_at: datetime
    authority: str
    by: str | None
    answer: bytes
    trusted: str

    def to_json(self) -> dict[str, Any]:
        """What is told of it; the answer itself is a file's."""
        told = ("stamp", "seal", "head", "stamped_at", "authority", "by")
        return {name: getattr(self, name) for name in told}


def line_of(head: str) -> str:
    """The head as a file has it, and as it is stamped."""
    return f"{head}\n"


def roots_of(file: Path | None) -> list[Certificate]:
    """The certificates of a file in PEM; without one those that this machine trusts.

    Raises NotFound without the file, Refused where it holds none.
    """
    import ssl

    from cryptography import x509

    if file is None:
        known = []
        # Some old roots are not as they should be; nobody here can mend them.
        with catch_warnings(action="ignore"):
            for one in ssl.create_default_context().get_ca_certs(binary_form=True):
                with suppress(ValueError):
                    known.append(x509.load_der_x509_certificate(one))
        return known
    try:
        with read_from(file):
            return x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError:
        raise Refused(tr("{file} holds no certificate in PEM.", file=file)) from None


def ask(url: str, seal: Seal, roots: list[Certificate]) -> tuple[datetime, bytes, str]:
    """Has an authority stamp the head of a seal: when, its answer, and the roots it was held to.

    Raises WrongUsage for what is no address; Refused where nobody answers, the answer is no time
    stamp of this head, or its certificate is not trusted.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerificationError
    from rfc3161_client import VerifierBuilder as Builder

    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise WrongUsage(tr("{value} is no address.", value=url), cure=tr("Write http://..."))
    head = line_of(seal.head).encode()
    asked = TimestampRequestBuilder().data(head).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = _post(url, asked.as_bytes())
    try:
        said = _read(answer)
    except ValueError as error:
        raise _refused(url, tr("its answer is no time stamp ({reason})", reason=error)) from None
    if said.status != 0:
        why = ", ".join(said.status_string) or str(said.status)
        raise _refused(url, tr("it refused ({reason})", reason=why))
    if not _is_of(said, head):
        raise _refused(url, tr("it stamped something else than the head"))
    if not roots:
        raise Refused(
            tr("This machine trusts no root certificate."),
            cure=tr("Give the authority's own: --ca FILE"),
        )
    try:
        Builder(roots=roots, nonce=asked.nonce).build().verify_message(said, head)
    except VerificationError as error:
        raise _refused(url, _why(error)) from None
    return said.tst_info.gen_time, said.as_bytes(), _issuers(said, roots)


def keep(connection: Connection, seal: Seal, url: str, found: tuple[datetime, bytes, str]) -> Stamp:
    """Adds a stamp to the registry's, in the caller's transaction."""
    moment, answer, trusted = found
    number = connection.execute(
        text(
            "insert into audit.stamp (seal_number, authority, stamped_at, answer, trusted) "
            "values (:seal, :authority, :moment, :answer, :trusted) returning stamp_number"
        ),
        {
            "seal": seal.seal,
            "authority": url,
            "moment": moment,
            "answer": answer,
            "trusted": trusted,
        },
    ).scalar_one()
    [made] = [one for one in stamps(connection) if one.stamp == number]
    return made


def stamps(connection: Connection) -> list[Stamp]:
    """Every time stamp, the first one first."""
    return [Stamp(*row) for row in connection.execute(text(_LIST))]


def check_stamps(connection: Connection, roots: list[Certificate] | None = None) -> list[Finding]:
    """Stamps that are not of their seals' heads, or whose signature does not hold.

    They are held to the roots that they were held to when they were made, or to those given.
    """
    found = []
    for stamp in stamps(connection):
        kind = _wrong_with(stamp, roots)
        if kind is not None:
            found.append(Finding(kind, TABLE, name=str(stamp.stamp)))
    return found


def _wrong_with(stamp: Stamp, roots: list[Certificate] | None) -> str | None:
    from cryptography import x509
    from rfc3161_client import VerificationError, VerifierBuilder

    head = line_of(stamp.head or "").encode()
    try:
        said = _read(stamp.answer)
        if not _is_of(said, head) or said.tst_info.gen_time != stamp.stamped_at:
            return "stamp_differs"
        held_to = roots or x509.load_pem_x509_certificates(stamp.trusted.encode())
        VerifierBuilder(roots=held_to).build().verify_message(said, head)
    except ValueError:
        return "stamp_unreadable"
    except VerificationError:
        return "stamp_untrusted"
    return None


def _read(answer: bytes) -> TimeStampResponse:
    """The answer, read. Raises ValueError for what is none."""
    from rfc3161_client import decode_timestamp_response

    return decode_timestamp_response(answer)


def _is_of(said: TimeStampResponse, head: bytes) -> bool:
    from hashlib import sha256

    return bytes(said.tst_info.message_imprint.message) == sha256(head).digest()


def _post(url: str, body: bytes) -> bytes:
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    asked = Request(url, data=body, headers={"Content-Type": "application/timestamp-query"})
    try:
        with urlopen(asked, timeout=SECONDS) as answer:
            found: bytes = answer.read(MOST_BYTES)
    except HTTPError as error:
        raise _refused(url, tr("it answered {status}", status=error.code)) from None
    except URLError as error:
        raise _refused(url, str(error.reason)) from None
    except (OSError, ValueError) as error:
        raise _refused(url, str(error)) from None
    return found


def _refused(url: str, why: str) -> Refused:
    return Refused(
        tr("There is no time stamp of {authority}: {reason}.", authority=url, reason=why),
        cure=tr("Nothing was stored; the seal stands. Ask again, or another authority."),
    )


def _why(error: Exception) -> str:
    said = str(error)
    if "certificate verify error" in said:
        return tr("its certificate is not trusted; give its root: --ca FILE")
    if "signature failure" in said:
        return tr("its signature is wrong")
    return said


def _issuers(said: TimeStampResponse, roots: list[Certificate]) -> str:
    """Of the roots those that a certificate of the answer leads to, in PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    sent = [x509.load_der_x509_certificate(one) for one in said.signed_data.certificates]
    leads_to = {one.issuer for one in sent} | {one.subject for one in sent}
    own = [one for one in roots if one.subject in leads_to] or roots
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in own)
