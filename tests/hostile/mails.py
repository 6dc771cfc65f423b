"""Messages that attack their reader: parts without end, names of files, bombs attached."""

from __future__ import annotations

import base64
from collections.abc import Callable

from tests.hostile.archives import MAIN, TEXT, document, member, zipped
from tests.hostile.case import Bait, Outcome, hostile, luring

_HEAD = "Subject: Boats\r\nFrom: keeper@example.org\r\nMIME-Version: 1.0\r\n"


def mail(rest: str) -> bytes:
    return f"{_HEAD}{rest}".encode("utf-8", "surrogateescape")


def attached(content: bytes, name: str, more: str = "") -> bytes:
    """Write a message with one attachment."""
    return mail(
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\n{TEXT}\r\n--b\r\nContent-Type: application/x\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n{more}'
        f"Content-Transfer-Encoding: base64\r\n\r\n{base64.encodebytes(content).decode()}\r\n--b--"
    )


def _mail(name: str, make: Callable[[], bytes], *may: Outcome) -> None:
    hostile(f"{name}.eml", "mail", *may)(make)


def _nested(count: int) -> str:
    return "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(count)
    )


_mail("parts-900-deep", lambda: mail(_nested(900) + f"\r\n{TEXT}"), "failed", "stored")
_mail("parts-20000-deep", lambda: mail(_nested(20_000) + f"\r\n{TEXT}"), "failed")
_mail(
    "lines-in-deep-parts",
    lambda: mail(_nested(200) + "\r\n" + "--b\r\n" * 200_000),
    "failed",
)
_mail(
    "messages-in-messages",
    lambda: mail("Content-Type: message/rfc822\r\n\r\n" * 300 + f"\r\n{TEXT}"),
    "stored",
    "truncated",
    "failed",
)
_mail(
    "parts-100000",
    lambda: mail(
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 20_000
    ),
    "stored",
    "truncated",
)
_mail("headers-200000", lambda: mail("X-A: b\r\n" * 200_000 + f"\r\n{TEXT}"), "stored")
_mail(
    "header-of-8-megabytes",
    lambda: mail(f"To: {'=?utf-8?q?a?= ' * 600_000}\r\n\r\n{TEXT}"),
    "stored",
)
_mail(
    "folded-300000-times", lambda: mail("Cc: a\r\n" + " b,\r\n" * 300_000 + f"\r\n{TEXT}"), "stored"
)
_mail(
    "boundary-of-nothing",
    lambda: mail('Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n'),
    "stored",
    "failed",
)
_mail(
    "charset-that-runs",
    lambda: mail(f"Content-Type: text/plain; charset=../../etc/x\r\n\r\n{TEXT}"),
    "stored",
)
_mail(
    "charset-of-bytes",
    lambda: mail(f"Content-Type: text/plain; charset=zlib\r\n\r\n{TEXT}"),
    "stored",
)
_mail(
    "bomb-attached", lambda: attached(zipped([member(MAIN, bytes(64 << 20))]), "a.docx"), "stored"
)
_mail("bombs-attached", lambda: _many(bytes(900_000), 300), "stored", "truncated")
_mail("name-that-leads-outside", lambda: attached(b"x", "../../../etc/cron.d/x"), "stored")
_mail("name-of-a-megabyte", lambda: attached(b"x", "a" * 1_000_000), "stored")
_mail("program-attached", lambda: attached(b"MZ" + bytes(999), "invoice.pdf.exe"), "stored")
_mail("cut-in-base64", lambda: attached(zipped([document()]), "a.docx")[:-200], "stored")


def _many(content: bytes, count: int) -> bytes:
    """Write a message with many documents, each of which unpacks to something."""
    packed = base64.encodebytes(zipped([document(), member("x.bin", content)])).decode()
    part = (
        "--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n"
        f"\r\n{packed}\r\n"
    )
    return mail('Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + part * count)


@luring("pictures-elsewhere.eml", "mail", "stored")
def _elsewhere(bait: Bait) -> bytes:
    shown = (
        f"<img src='http://127.0.0.1:{bait.port}/a.png'><img src='file://{bait.canary}'>"
        f"<link rel=stylesheet href='http://127.0.0.1:{bait.port}/'><script>run()</script>"
    )
    return mail(f"Content-Type: text/html\r\n\r\n<p>{TEXT}</p>{shown}")


@luring("body-elsewhere.eml", "mail", "stored")
def _external(bait: Bait) -> bytes:
    kind = f'message/external-body; access-type=local-file; name="{bait.canary}"'
    return mail(f"Content-Type: {kind}\r\n\r\nContent-Type: text/plain\r\n\r\n{TEXT}")
