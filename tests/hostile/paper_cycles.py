"""PDF files that lead in rings or down without end, draw without end, or reach outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.hostile.case import Bait, Content, hostile, luring
from tests.hostile.papers import ALL, FONT, WORDS, drawn, paper, stream

_FORM = "/Type /XObject /Subtype /Form /BBox [0 0 300 400]"


def _cycle(name: str, make: Callable[[], Content]) -> None:
    hostile(name, "pdf cycle", *ALL)(make)


def _using(kind: str, name: str) -> dict[str, str]:
    """Give a page that knows the font and object 6 under a name."""
    return {"Resources": f"<< /Font << /F 5 0 R >> /{kind} << /{name} 6 0 R >> >>"}


def _kids(kids: str) -> dict[int, bytes]:
    return {2: f"<< /Type /Pages /Kids [{kids}] /Count 2 >>".encode()}


_cycle("kids-of-themselves.pdf", lambda: paper(_kids("2 0 R 3 0 R")))
_cycle("kids-in-a-ring.pdf", lambda: paper({**_kids("6 0 R"), 6: _kids("2 0 R")[2]}))
_cycle("page-its-own-parent.pdf", lambda: paper(page={"Parent": "3 0 R"}))
_cycle("length-of-itself.pdf", lambda: paper({4: stream(WORDS, length="4 0 R")}))
_cycle("contents-of-themselves.pdf", lambda: paper({4: b"[4 0 R 4 0 R]"}))
_cycle("xref-of-itself.pdf", lambda: paper(trailer=f"/Prev {paper().rindex(b'xref', 0, -40)}"))
_cycle("arrays-deep.pdf", lambda: paper({6: b"[" * 100_000 + b"]" * 100_000}))
_cycle("dictionaries-deep.pdf", lambda: paper({6: b"<< /A " * 100_000 + b">>" * 100_000}))
_cycle("words-in-arrays.pdf", lambda: drawn(b"[" * 200_000 + b"]" * 200_000 + b" TJ " + WORDS))


@hostile("form-in-itself.pdf", "pdf cycle", *ALL)
def _form() -> bytes:
    inside = stream(b"/X Do /X Do", f"{_FORM} /Resources << /XObject << /X 6 0 R >> >>")
    return paper({4: stream(b"/X Do " + WORDS), 6: inside})


@hostile("mask-in-itself.pdf", "pdf cycle", *ALL)
def _mask() -> bytes:
    own = "/Group << /S /Transparency >> /Resources << /ExtGState << /G 6 0 R >> >>"
    state = b"<< /SMask << /S /Luminosity /G 7 0 R >> >>"
    group = stream(b"/G gs 0 0 9 9 re f", f"{_FORM} {own}")
    shown = {4: stream(b"/G gs " + WORDS), 6: state, 7: group}
    return paper(shown, page=_using("ExtGState", "G"))


@hostile("font-of-itself.pdf", "pdf cycle", *ALL)
def _font() -> bytes:
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] "
        b"/CharProcs << /a 6 0 R >> /Encoding << /Differences [97 /a] >> /FirstChar 97 "
        b"/LastChar 97 /Widths [9] /Resources << /Font << /F 5 0 R >> >> >>"
    )
    letter = stream(b"9 0 d0 BT /F 9 Tf (aaaa) Tj ET")
    return paper({4: stream(b"BT /F 9 Tf (aaaa) Tj ET"), 5: font, 6: letter})


@hostile("outline-of-itself.pdf", "pdf cycle", *ALL)
def _outline() -> bytes:
    one = b"<< /First 6 0 R /Last 6 0 R /Next 6 0 R /Title (a) >>"
    return paper({6: one}, head="/Outlines 6 0 R")


@hostile("names-of-themselves.pdf", "pdf cycle", *ALL)
def _names() -> bytes:
    return paper({6: b"<< /Kids [6 0 R] >>"}, head="/Names << /Dests 6 0 R /EmbeddedFiles 6 0 R >>")


@hostile("tree-10000-deep.pdf", "pdf cycle", *ALL)
def _tree() -> bytes:
    depth = 10_000
    nodes = {6 + n: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (7 + n) for n in range(depth)}
    last = {6 + depth: b"<< /Type /Page /MediaBox [0 0 300 400] /Contents 4 0 R >>"}
    return paper({**_kids("6 0 R"), **nodes, **last})


@hostile("billion-forms.pdf", "pdf bomb", *ALL)
def _forms() -> bytes:
    """Nine forms, each of which shows the next one ten times."""
    every = {4: stream(b"/X Do " + WORDS)}
    for at in range(9):
        kind = f"{_FORM} /Resources << /XObject << /X {7 + at} 0 R >> >>"
        every[6 + at] = stream(b"/X Do " * 10 if at < 8 else b"0 0 9 9 re f", kind)
    return paper(every)


@hostile("letters-to-letters.pdf", "pdf bomb", *ALL)
def _to_unicode() -> bytes:
    """A map that makes of each letter five hundred."""
    lines = b"".join(b"<%02x> <%b>\n" % (code, b"0041" * 500) for code in range(256))
    begin = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> "
    table = begin + b"endcodespacerange 256 beginbfchar\n" + lines + b"endbfchar endcmap"
    words = b"BT /F 9 Tf " + b"(all work and no play makes jack) Tj " * 30_000 + b"ET"
    return paper(
        {4: stream(words), 5: FONT.replace(b">>", b"/ToUnicode 6 0 R >>"), 6: stream(table)}
    )


@hostile("tiles-of-nothing.pdf", "pdf bomb", *ALL)
def _tiles() -> bytes:
    cell = "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1]"
    cell += " /XStep 0.0001 /YStep 0.0001 /Resources << >>"
    shown = stream(b"/Pattern cs /P scn 0 0 300 400 re f " + WORDS)
    return paper({4: shown, 6: stream(b"0 0 1 1 re f", cell)}, page=_using("Pattern", "P"))


@hostile("function-of-loops.pdf", "pdf bomb", *ALL)
def _function() -> bytes:
    domain = "/Domain [0 300 0 400]"
    shade = f"<< /ShadingType 1 /ColorSpace /DeviceGray {domain} /Function 7 0 R >>".encode()
    body = b"{ " + b"dup mul sqrt " * 20_000 + b"add 2 mod abs }"
    function = stream(body, f"/FunctionType 4 {domain} /Range [0 1]")
    shown = {4: stream(b"/S sh " + WORDS), 6: shade, 7: function}
    return paper(shown, page=_using("Shading", "S"))


def _outside(name: str, head: str = "", objects: Mapping[int, str] | None = None) -> None:
    """Register a PDF that asks its reader to open something; {file} and {port} are the bait."""

    def make(bait: Bait) -> bytes:
        def filled(text: str) -> str:
            return text.replace("{file}", str(bait.canary)).replace("{port}", str(bait.port))

        extra = {number: filled(text).encode() for number, text in (objects or {}).items()}
        return paper(extra, head=filled(head))

    luring(name, "pdf bomb", *ALL)(make)


_JS = "<< /S /JavaScript /JS (app.launchURL('http://127.0.0.1:{port}/', true)) >>"
_XFA = '<!DOCTYPE x [<!ENTITY e SYSTEM "file://{file}">]><xdp>&e;</xdp>'
_outside("script-at-opening.pdf", f"/OpenAction {_JS} /AA << /WC {_JS} >>")
_outside("starts-a-program.pdf", "/OpenAction << /S /Launch /F ({file}) >>")
_outside("asks-an-address.pdf", "/OpenAction << /S /URI /URI (http://127.0.0.1:{port}/) >>")
_outside("goes-elsewhere.pdf", "/OpenAction << /S /GoToR /F ({file}) /D [0 /Fit] >>")
_outside("words-elsewhere.pdf", "", {4: "<< /Length 0 /F ({file}) >>\nstream\n\nendstream"})
_outside(
    "form-of-xml.pdf",
    "/AcroForm << /Fields [] /XFA 6 0 R >>",
    {6: f"<< /Length {len(_XFA)} >>\nstream\n{_XFA}\nendstream"},
)
