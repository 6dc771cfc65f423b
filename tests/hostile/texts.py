"""Texts: lines without end, bytes that are no letters, nests without bottom, XML that explodes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from tests.hostile.case import Bait, Content, Outcome, Sparse, hostile, luring

_ALL: tuple[Outcome, ...] = ("failed", "skipped", "stored", "truncated")
_KEPT: tuple[Outcome, ...] = ("stored", "truncated")


def _text(name: str, make: Callable[[], Content], *may: Outcome) -> None:
    hostile(name, "text", *(may or _KEPT))(make)


_text("empty.txt", lambda: b"", "skipped", "failed")
_text("blank.txt", lambda: b" \n\t\r\n" * 50, "skipped")
_text("mark-only.txt", lambda: b"\xef\xbb\xbf", "skipped")
_text("invisible.txt", lambda: "\u200b\u200d\u2060\ufeff".encode() * 20, "skipped", "stored")
_text("one-line-of-80-mb.txt", lambda: b"word " * 16_000_000)
_text("one-word-of-20-mb.txt", lambda: b"a" * 20_000_000)
_text("then-2-gb-of-nothing.txt", lambda: Sparse(b"a few words, then nothing\n", 2 << 30), *_ALL)
_text("then-zeros.txt", lambda: b"a few words, then zeros\n" * 400 + bytes(9000), *_ALL)
_text("nothing-but-zeros.txt", lambda: bytes(5000), "skipped", "failed")
_text("no-letters.txt", lambda: random.Random(13).randbytes(5000), *_ALL)
_text("half-utf-8.txt", lambda: "naïve café, déjà vu; ".encode() * 100 + b"\xe2\x82")
_text("latin-1.txt", lambda: "une forêt près de la rivière gelée\n".encode("latin-1") * 50)
_text("surrogates.txt", lambda: b"words \xed\xa0\x80 and \xed\xbf\xbf words\n" * 50, *_ALL)
_text("too-long-codes.txt", lambda: b"words \xc0\xaf\xe0\x80\xaf and more words\n" * 50, *_ALL)
for _code in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
    _text(f"{_code}.txt", lambda code=_code: "a quiet harbour in winter\n".encode(code) * 40, *_ALL)  # type: ignore[misc]
_text("right-to-left.txt", lambda: "open \u202egpj.exe\u202c now \u2066\u2069\n".encode() * 60)
_text("terminal.txt", lambda: b"\x1b]0;owned\x07\x1b[2J\x1b[31mred words\x1b[0m\r\n" * 60)
_text("bells-and-backspaces.txt", lambda: b"innocent\x08\x08\x08\x08guilty\x07\x7f words\n" * 60)
_text("hundred-thousand-accents.txt", lambda: ("z" + "\u0301" * 100_000 + "algo words").encode())
_text("million-lines.txt", lambda: b"a\n" * 1_000_000)
_text("million-empty-lines.txt", lambda: b"first\n" + b"\n" * 1_000_000 + b"last words\n")
_text("million-emoji.txt", lambda: "👩‍👩‍👧‍👦".encode() * 40_000)
_text("ligature.txt", lambda: "ﷺ".encode() * 200_000)
_text("million-dots.txt", lambda: b"one. " * 400_000)

_text("headings.md", lambda: b"".join(b"#" * (1 + n % 7) + b" part\n" for n in range(200_000)))
_text("quotes-in-quotes.md", lambda: b">" * 100_000 + b" words\n" + b"> " * 50_000 + b"more")
_text("lists-in-lists.md", lambda: b"".join(b" " * n + b"- item\n" for n in range(3_000)))
_text("brackets.md", lambda: b"[" * 100_000 + b"words" + b"](" * 100_000)
_text("pictures-in-pictures.md", lambda: b"![" * 100_000 + b"words")
_text("stars.md", lambda: b"**_" * 100_000 + b"words" + b"_**" * 50_000)
_text("ticks.md", lambda: b"".join(b"`" * n + b"a" for n in range(1_500)))
_text("fence-without-end.md", lambda: b"# words\n```python\n" + b"x = 1\n" * 100_000)
_text("table.md", lambda: b"|" * 200_000 + b"\n" + b"|-" * 200_000 + b"\n|words|")
_text("links-to-links.md", lambda: b"".join(b"[%d]: <%d>\n" % (n, n + 1) for n in range(50_000)))

_text("deep.json", lambda: b"[" * 200_000 + b'"words"' + b"]" * 200_000, *_ALL)
_text("deep-objects.json", lambda: b'{"a":' * 100_000 + b'"words"' + b"}" * 100_000, *_ALL)
_text("huge-numbers.json", lambda: b'{"words": [' + b"9" * 100_000 + b", 1e999999999, NaN]}", *_ALL)
_text("same-key.json", lambda: b'{"a": "words"' + b', "a": "more words"' * 100_000 + b"}", *_ALL)
_text("not-closed.json", lambda: b'{"a": "words' + b" and words" * 1_000, *_ALL)
_text("escapes.json", lambda: json.dumps({"a": "\ud800 words \0\1" * 900}).encode(), *_ALL)
_text("million-columns.csv", lambda: b",".join([b"a"] * 1_000_000) + b"\n1,2,3\n")
_text("quote-without-end.csv", lambda: b'name,words\nfirst,"' + b"and so on\n" * 200_000)
_text("quotes.csv", lambda: b'"' * 1_000_001 + b"\nwords,more\n")
_text("formula.csv", lambda: b"name,value\n" + b"=cmd|'/c calc'!A0,+1+1\n@SUM(1),-2\n" * 50)
_text("no-columns.csv", lambda: b"\n,\n,,\n" * 900, *_ALL)

_text(
    "hours.srt", lambda: b"1\n99999999999:99:99,999 --> -1:00:00,000\nwords in time\n\n" * 50, *_ALL
)
_text("backwards.srt", lambda: b"9\n00:00:09,000 --> 00:00:01,000\nwords backwards\n\n" * 90, *_ALL)
_text("hundred-thousand.srt", lambda: b"1\n00:00:01,000 --> 00:00:02,000\nla\n\n" * 100_000)
_text("no-times.vtt", lambda: b"WEBVTT\n\nfirst --> last\nwords without a time\n" * 40, *_ALL)
_text(
    "tags.vtt", lambda: b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<c>" * 90_000 + b"words", *_ALL
)


def _html(name: str, make: Callable[[], bytes], *may: Outcome) -> None:
    _text(name, make, *(may or _ALL))


_html("deep.html", lambda: b"<div>" * 200_000 + b"words" + b"</div>" * 200_000)
_html("not-closed.html", lambda: b"<p><b><i><table>words" * 20_000)
_html("comment-without-end.html", lambda: b"<p>words</p><!--" + b"- " * 500_000)
_html("script-without-end.html", lambda: b"<p>words</p><script>" + b"</scrip" * 200_000)
_html("attribute-of-10-mb.html", lambda: b'<p title="' + b"a" * 10_000_000 + b'">words</p>')
_html("million-attributes.html", lambda: b"<p " + b"a=1 " * 500_000 + b">words</p>")
_html(
    "entities.html", lambda: b"<p>" + b"&nbsp;&#x110000;&#0;&#xd800;&lol;" * 30_000 + b" words</p>"
)
_html("brackets.html", lambda: b"<" * 500_000 + b"p>words")
_html("declarations.html", lambda: b"<![CDATA[" * 100_000 + b"words")


@luring("opens-things.html", "text", *_KEPT)
def _opens(bait: Bait) -> bytes:
    there, net = f"file://{bait.canary}", f"http://127.0.0.1:{bait.port}/"
    tags = f'<base href="{net}"><meta http-equiv="refresh" content="0;url={net}">'
    tags += f'<link rel="stylesheet" href="{net}a.css"><script src="{net}a.js"></script>'
    tags += f'<img src="{there}"><iframe src="{there}"></iframe><object data="{net}"></object>'
    return f"<!doctype html><html><head>{tags}</head><body><p>words</p></body></html>".encode()


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_XML = {  # what stands before the root, and inside of it
    "laughs": (f'<!DOCTYPE svg [<!ENTITY l0 "ha">{_LAUGHS}]>', "<text>&l9;</text>"),
    "quadratic": (
        f'<!DOCTYPE svg [<!ENTITY a "{"a" * 50_000}">]>',
        f"<text>{'&a;' * 50_000}</text>",
    ),
    "file": ('<!DOCTYPE svg [<!ENTITY a SYSTEM "file://{file}">]>', "<text>&a;</text>"),
    "net": ('<!DOCTYPE svg [<!ENTITY a SYSTEM "http://127.0.0.1:{port}/">]>', "<text>&a;</text>"),
    "dtd": ('<!DOCTYPE svg SYSTEM "http://127.0.0.1:{port}/a.dtd">', "<text>words</text>"),
    "parameter": (
        '<!DOCTYPE svg [<!ENTITY % a SYSTEM "file://{file}"> %a;]>',
        "<text>words</text>",
    ),
    "include": (
        "",
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{file}"/>',
    ),
    "style": (
        '<?xml-stylesheet href="http://127.0.0.1:{port}/a.xsl"?>',
        '<image href="file://{file}"/><script href="http://127.0.0.1:{port}/"/>',
    ),
}


def _xml(kind: str, bait: Bait) -> bytes:
    before, inside = (
        part.replace("{file}", str(bait.canary)).replace("{port}", str(bait.port))
        for part in _XML[kind]
    )
    root = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inside}</svg>'
    return f'<?xml version="1.0"?>\n{before}\n{root}\n'.encode()


for _kind in _XML:
    luring(f"{_kind}.svg", "xml bomb", "skipped", "stored", "failed")(
        lambda bait, kind=_kind: _xml(kind, bait)  # type: ignore[misc]
    )
    luring(f"{_kind}.html", "xml bomb", *_ALL)(
        lambda bait, kind=_kind: _xml(kind, bait)  # type: ignore[misc]
    )
luring("laughs.xml", "xml bomb", *_ALL)(lambda bait: _xml("laughs", bait))
luring("file.xml", "xml bomb", *_ALL)(lambda bait: _xml("file", bait))
