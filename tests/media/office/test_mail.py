"""Mail: the message, what is attached to it, and what its senders get wrong."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from omnisearch.errors import MediaError
from tests.ingest.extracting import extracted, said
from tests.media.office.raw import paragraph, picture, word
from tests.media.pdf import Sheet, pdf


def message(text: str = "The ferry leaves at noon.", subject: str = "Ferry") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "Ann <ann@example.org>", "bo@example.org"
    made["Date"] = "Mon, 06 May 2024 10:00:00 +0200"
    made.set_content(text)
    return made


def pages(content: bytes, name: str = "a.eml") -> list[tuple[int, str]]:
    _, segments, _ = extracted(content, name)
    return [(piece.fields["span"]["page"], str(piece.fields["words"])) for piece in segments]


def test_a_message_says_who_wrote_what() -> None:
    item, segments, end = extracted(bytes(message(subject="Fähre am Mittag")), "a.eml")
    assert (item.fields["type"], item.fields["modality"]) == ("eml", "document")
    assert item.fields["columns"] == {
        "doc.title": "Fähre am Mittag",
        "doc.author": "Ann <ann@example.org>",
        "doc.created": 1_714_982_400_000_000,
    }
    (words,) = [str(piece.fields["words"]) for piece in segments]
    assert "Subject: Fähre am Mittag" in words and "To: bo@example.org" in words
    assert words.endswith("The ferry leaves at noon.")
    assert end.fields["columns"] == {"doc.pages": 1}


@pytest.mark.parametrize("name", ["message", "1715000000.M1P2.host:2,S", "mail.pdf.backup"])
def test_messages_are_known_by_how_they_begin(name: str) -> None:
    assert extracted(bytes(message()), name)[0].fields["type"] == "eml"


def test_notes_that_look_a_little_like_mail_stay_texts() -> None:
    for content, name in (
        (b"From: the harbour\nI saw boats.\n", "notes"),
        (b"no header at all\n", "a.eml"),
        (bytes(message()), "a.txt"),
        (b"key: value\nother: thing\n", "settings"),
    ):
        assert extracted(content, name)[0].fields["modality"] == "text"


def test_of_alternatives_plain_words_are_read_once() -> None:
    made = message()
    made.add_alternative("<p>The ferry leaves at <b>noon</b>.</p>", subtype="html")
    assert " ".join(said(bytes(made), "a.eml")).count("noon") == 1


def test_messages_of_html_only_are_read_as_pages() -> None:
    made = message()
    made.set_content("<h1>Times</h1><p>The ferry&nbsp;leaves <i>late</i>.</p>", subtype="html")
    (words,) = said(bytes(made), "a.eml")
    assert "Subject: Ferry" in words and "The ferry leaves late." in words


def test_attachments_are_pages_of_their_own() -> None:
    made = message()
    made.add_attachment("anchors and ropes", filename="list.txt")
    made.add_attachment(picture(), maintype="image", subtype="png", filename="map.png")
    docx = word(paragraph("Seven trawlers"))
    made.add_attachment(docx, maintype="application", subtype="zip", filename="ships.docx")
    paper = pdf(Sheet(("first page",)), Sheet(("second page",)))
    made.add_attachment(paper, maintype="application", subtype="pdf", filename="paper.pdf")
    made.add_attachment(message("An older letter.", "Old"))
    made.add_attachment(b"\x7fELF\0\1", maintype="application", subtype="x", filename="run.bin")
    item, segments, _ = extracted(bytes(made), "a.eml")
    found: dict[int, list[str]] = {}
    for piece in segments:
        where = f"{piece.fields['modality']} {piece.fields['view']} {piece.fields['words']}"
        found.setdefault(piece.fields["span"]["page"], []).append(" ".join(where.split()))
    assert found[2] == ["document words list.txt anchors and ropes"]
    assert found[3] == ["document words map.png", "image content None"]
    assert found[4] == ["document words ships.docx Seven trawlers"]
    assert [one for one in found[5] if "words" in one] == [
        "document words first page",
        "document words second page",
    ]
    assert found[5][0] == "document content first page"
    assert "An older letter." in found[6][0]
    assert item.fields["notes"] == ["attached and not read: run.bin"]
    spans = [str(piece.fields["span"]) for piece in segments]
    assert len(set(spans)) == len(spans)


def test_faults_of_senders_are_borne() -> None:
    content = (
        b"Subject: =?utf-9?Q?odd?= =?utf-8?B?%%%?=\r\nFrom: \xe4\xf6\xfc\r\nDate: yesterday\r\n"
        b"Content-Type: text/plain; charset=no-such\r\n\r\nGr\xfc\xdfe vom Hafen\r\n"
    )
    item, segments, _ = extracted(content, "a.eml")
    assert "Grüße vom Hafen" in str(segments[0].fields["words"])
    assert "doc.created" not in item.fields["columns"]


def test_a_damaged_attachment_leaves_the_message() -> None:
    made = message()
    made.add_attachment(b"PK\3\4 no", maintype="a", subtype="b", filename="a.docx")
    _, segments, end = extracted(bytes(made), "a.eml")
    assert "The ferry leaves" in str(segments[0].fields["words"]) and end.fields["damaged"]


def test_parts_in_parts_are_refused_where_they_take_long() -> None:
    nested = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(1_500)
    )
    with pytest.raises(MediaError, match="parts in parts"):
        extracted(f"Subject: x\r\nFrom: y\r\n{nested}\r\nhello".encode(), "a.eml")
