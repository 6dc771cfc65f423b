"""Mail: a message as the first leaf, then each of its attachments that can be read as one more.

Messages are read by the parser of Python, whose time grows with how deep parts lie in each other:
so a message that would take long is refused before it is read.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from contextlib import suppress
from email import policy
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath

from omnisearch.errors import MediaError
from omnisearch.media import sniff
from omnisearch.media.charsets import decoded
from omnisearch.media.office.archive import Budget
from omnisearch.media.office.leaf import Leaf, Room, Writing
from omnisearch.media.sniff import Format
from omnisearch.media.source import File, named, opened
from omnisearch.media.words import HEAD

codecs.lookup("raw-unicode-escape")  # read now: the parser takes it for bytes that are no ASCII
BYTES = 64 << 20  # of a message: servers take 25 to 50 MB
_DEPTH = 5  # of messages in messages
_PARTS = 1_000
_WORK = 10_000_000  # lines times parts that hold parts
_HOLDS = re.compile(rb"(?i)content-type:\s{0,9}(?:multipart|message)/")
_SHOWN = ("Subject", "From", "To", "Cc", "Date")
_LONGEST = 4_000  # characters of a header
_MAIL = frozenset(
    b"from to subject date received message-id mime-version return-path delivered-to cc "
    b"reply-to content-type x-mailer".split()
)
_HEADER = re.compile(rb"([!-9;-~]{1,76}):")


def is_mail(head: bytes, *, called: bool) -> bool:
    """Tell whether a text begins as a message does; less is asked of one that is `called` so."""
    known = set()
    lines = head.replace(b"\r\n", b"\n").split(b"\n")
    for number, line in enumerate(lines[:-1]):
        found = _HEADER.match(line)
        if not line:
            break
        if found is not None:
            known.add(found[1].lower())
        elif not (line[:1] in b" \t" or (number == 0 and line.startswith(b"From "))):
            return False
    return len(known & _MAIL) >= (1 if called else 3) and lines[0][:1] not in b" \t"


class Mail:
    """A message, its facts, and its leaves, which are read once."""

    def __init__(self, source: File, room: Room, budget: Budget) -> None:
        self.name, self._room, self._budget = named(source), room, budget
        with opened(source) as file:
            content = file.read(BYTES + 1)
        if len(content) > BYTES:
            room.truncated = True
            content = content[:BYTES]
        self._message = self._parsed(content)
        self.facts = {
            "Title": header(self._message, "Subject"),
            "Author": header(self._message, "From"),
            "CreationDate": _date(self._message),
        }
        self._number = 0

    @property
    def unread(self) -> list[str]:
        """Name the attachments that are of no kind that is read."""
        attached = list[Message]()
        _sort(self._message, [], attached)
        return [
            _called(part)
            for part in attached
            if part.get_content_type() != "message/rfc822" and _form(part, _content(part)) is None
        ]

    def leaves(self) -> Iterator[Leaf]:
        """Give the message, and what is attached to it."""
        yield from self._leaves(self._message, 0)

    def _parsed(self, content: bytes) -> Message:
        lines, holding = content.count(b"\n"), len(_HOLDS.findall(content))
        fault = f"{self.name} has parts in parts that take too long to read"
        if lines * max(0, holding - 3) > _WORK or holding > _PARTS:
            raise MediaError(f"{fault}: save its attachments as files")
        try:
            return BytesParser(policy=policy.compat32).parsebytes(content)
        except RecursionError as error:
            raise MediaError(f"{fault}: save its attachments as files") from error

    def _leaves(self, message: Message, depth: int) -> Iterator[Leaf]:
        bodies, attached = list[Message](), list[Message]()
        _sort(message, bodies, attached)
        yield self._body(message, bodies)
        for part in attached:
            if self._number >= self._room.leaves:
                self._room.truncated = True
                return
            inner = part.get_payload()
            if part.get_content_type() == "message/rfc822" and isinstance(inner, list):
                if depth < _DEPTH and inner and isinstance(inner[0], Message):
                    yield from self._leaves(inner[0], depth + 1)
                else:
                    self._room.truncated = True
                continue
            yield from self._attached(part)

    def _body(self, message: Message, bodies: list[Message]) -> Leaf:
        """Give who wrote to whom, and what."""
        self._number += 1
        heads = [f"{key}: {said}" for key in _SHOWN if (said := header(message, key))]
        plain = [_text(part) for part in bodies if part.get_content_type() != "text/html"]
        if bodies and not any(one.strip() for one in plain):
            shown = "".join(f"<p>{html.escape(line)}</p>\n" for line in heads)
            text = self._room.take(shown + "\n".join(_text(part) for part in bodies))
            return Leaf(self._number, text, markup=True)
        writing = Writing(self._room, self._number)
        for line in heads:
            writing.say(line, begins=line.startswith("Subject: "))
        for one in plain:
            writing.all(re.split(r"\r?\n[ \t]*\r?\n", one))
        return writing.done()

    def _attached(self, part: Message) -> Iterator[Leaf]:
        """Give what is attached, by what it is and not by what it is called."""
        name, content = _called(part), _content(part)
        form = _form(part, content)
        if form is None:
            return
        self._number += 1
        writing = Writing(self._room, self._number)
        writing.say(name, begins=True)
        if form.kind == "image":
            writing.show(f"{self._number}", "", content)
            yield writing.done()
        elif form.kind == "text":
            yield self._page(part, name, decoded(content, part.get_content_charset()), writing)
        elif form.name == "pdf":
            yield Leaf(self._number, "", pages=content)
        else:
            yield self._document(content, name, writing)

    def _page(self, part: Message, name: str, text: str, writing: Writing) -> Leaf:
        if part.get_content_type() == "text/html":
            shown = self._room.take(f"<h1>{html.escape(name)}</h1>\n{text}")
            return Leaf(self._number, shown, markup=True)
        writing.all(re.split(r"\r?\n[ \t]*\r?\n", text))
        return writing.done()

    def _document(self, content: bytes, name: str, writing: Writing) -> Leaf:
        """Give the pages of a document one below the other; one that is damaged is left out."""
        from omnisearch.media.office.opened import document  # which opens mail as well

        inner = Room(self._room.text, self._room.leaves, self._room.pictures)
        try:
            found = document(content, inner, self._budget)
            for leaf in found.leaves:
                _added(leaf, writing)
                for one in leaf.pictures:
                    shown = found.archive.read(one.part) if found.archive else one.content
                    writing.show(f"{self._number}/{one.part}", one.words, shown)
        except MediaError:
            self._room.damaged = True
        self._room.truncated = self._room.truncated or inner.truncated
        self._room.damaged = self._room.damaged or inner.damaged
        return writing.done()


def header(message: Message, key: str) -> str:
    """Read a header as a person sees it."""
    said = str(message.get(key, ""))[:_LONGEST]
    try:
        parts = decode_header(said)
    except ValueError:  # of encodings in it
        parts = [(said, None)]
    texts = (decoded(one, kind) if isinstance(one, bytes) else one for one, kind in parts)
    return " ".join("".join(texts).split())


def _sort(message: Message, bodies: list[Message], attached: list[Message]) -> None:
    """Part what is said in a message from what is attached to it; of alternatives one is said."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload()
        kind = part.get_content_type()
        if kind == "multipart/alternative" and isinstance(inner, list):
            waiting += reversed(_chosen([one for one in inner if isinstance(one, Message)]))
        elif part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting += reversed([one for one in inner if isinstance(one, Message)])
        elif kind in ("text/plain", "text/html") and not _is_attached(part):
            bodies.append(part)
        else:
            attached.append(part)


def _chosen(parts: list[Message]) -> list[Message]:
    """Choose plain words where there are some, else the last, which is the richest."""
    plain = [one for one in parts if one.get_content_type() == "text/plain" and _text(one).strip()]
    return plain[:1] or parts[-1:]


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _form(part: Message, content: bytes) -> Format | None:
    """Tell what an attachment is; None: nothing that is read."""
    suffix = PurePosixPath(_called(part)).suffix.lower()
    form = sniff.format_of(content[:HEAD], len(content), suffix) if content else None
    return None if form is None or form.kind in ("audio", "video") else form


def _added(leaf: Leaf, writing: Writing) -> None:
    """Add the paragraphs of a document's page; those of a book are told by their tags."""
    if leaf.markup:
        writing.say(re.sub(r"<[^<>]{0,4000}+>", " ", leaf.text))
    for one in leaf.paragraphs:
        writing.say(leaf.text[one.start : one.end], begins=one.begins, row=one.row)


def _text(part: Message) -> str:
    return decoded(_content(part), part.get_content_charset())


def _called(part: Message) -> str:
    """Give the name of an attachment."""
    with suppress(ValueError, LookupError):
        said = str(part.get_filename() or "")
        texts = decode_header(said[:_LONGEST])
        whole = "".join(decoded(o, k) if isinstance(o, bytes) else o for o, k in texts)
        return " ".join(whole.split()) or part.get_content_type()
    return part.get_content_type()


def _date(message: Message) -> str:
    with suppress(ValueError, TypeError, OverflowError, IndexError):
        return parsedate_to_datetime(header(message, "Date")).isoformat()
    return ""
