"""The layouts of made pages: each writes a topic on paper in its own way."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from omnisearch.training.data.documents import Topic, kinds_of, sentence, short
from omnisearch.training.data.made import pick
from omnisearch.training.data.paper import ACCENTS, Fonts, Paper
from omnisearch.training.data.wording import a, plural

Rng = np.random.Generator
Layout = Callable[[Topic, Fonts, Rng], Paper]
_NAMES = ("Anna Weber", "J. Santos", "M. Okafor", "Lee Chang", "P. Novak", "R. Haddad", "E. Berg")
_MONTHS = ("January", "March", "April", "June", "July", "September", "October", "December")


def _prose(topic: Topic, rng: Rng, count: int) -> str:
    told = [sentence([a(topic.name), "is", topic.meaning])]
    told += [sentence([a(name), "is", meaning]) for name, meaning in kinds_of(topic, rng, count)]
    return " ".join(told)


def _columns(paper: Paper, topic: Topic, rng: Rng, count: int) -> None:
    top = paper.title(f"{plural(topic.name)}".capitalize(), int(rng.integers(18, 30)))
    gap, size = 18.0, int(rng.integers(9, 13))
    wide = (paper.width - 52 - gap * (count - 1)) / count
    for number in range(count):
        left = 26 + number * (wide + gap)
        box = (left, top, left + wide, paper.height - 24)
        y = paper.block(_prose(topic, rng, 8), box, size)
        paper.block(_prose(topic, rng, 8), (left, y + size, left + wide, paper.height - 24), size)


def prose(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Write a page of running text."""
    paper = Paper.take(fonts, rng, wide=False)
    _columns(paper, topic, rng, 1)
    return paper


def two_columns(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Write running text in two columns."""
    paper = Paper.take(fonts, rng, wide=False)
    _columns(paper, topic, rng, 2)
    return paper


def table(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Write a table of kinds, meanings and numbers."""
    paper = Paper.take(fonts, rng, wide=bool(rng.uniform() < 0.4))
    top, size = paper.title(f"Kinds of {topic.name}"), int(rng.integers(10, 13))
    edges = (26.0, 26 + (paper.width - 52) * 0.32, paper.width - 80.0, paper.width - 26.0)
    rows = [("Kind", "Meaning", "Number")]
    rows += [(n, short(m, 34), str(int(rng.integers(1, 900)))) for n, m in kinds_of(topic, rng, 12)]
    height = 2.2 * size
    fits = int((paper.height - top - 20) / height)
    for number, cells in enumerate(rows[:fits]):
        y = top + number * height
        if number == 0:
            paper.pen.rectangle((edges[0], y, edges[3], y + height), outline=paper.accent, width=2)
        elif number % 2 == 0:
            paper.pen.rectangle((edges[0], y, edges[3], y + height), fill=(226, 230, 238))
        for cell, left, right in zip(cells, edges, edges[1:], strict=False):
            fitting = max(4, int((right - left) / (size * 0.56)))
            paper.line(cell[:fitting], left + 4, y + size / 2, size, bold=number == 0)
    bottom = top + min(fits, len(rows)) * height
    for x in edges:
        paper.pen.line((x, top, x, bottom), fill=paper.ink)
    paper.pen.rectangle((edges[0], top, edges[3], bottom), outline=paper.ink)
    return paper


def _plot(topic: Topic, fonts: Fonts, rng: Rng) -> tuple[Paper, float, list[tuple[str, int]]]:
    paper = Paper.take(fonts, rng, wide=True)
    top = paper.title(f"{pick(rng, ('Number', 'Share', 'Sales', 'Use'))} of {plural(topic.name)}")
    names = [name for name, _ in kinds_of(topic, rng, int(rng.integers(4, 7)))]
    return paper, top, [(name, int(rng.integers(8, 100))) for name in names]


def bar_chart(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Draw bars for some kinds."""
    paper, top, values = _plot(topic, fonts, rng)
    floor, wide = paper.height - 50.0, (paper.width - 80) / len(values)
    several = rng.uniform() < 0.4
    for number, (name, value) in enumerate(values):
        left = 50 + number * wide
        height = (floor - top - 16) * value / 100
        colour = ACCENTS[number % len(ACCENTS)] if several else paper.accent
        paper.pen.rectangle((left, floor - height, left + wide * 0.65, floor), fill=colour)
        paper.line(str(value), left + 4, floor - height - 13, 10)
        paper.line(name[:12], left - 4, floor + 8 + 12 * (number % 2), 10)
    paper.pen.line((40, top, 40, floor), fill=paper.ink, width=2)
    paper.pen.line((40, floor, paper.width - 24, floor), fill=paper.ink, width=2)
    return paper


def line_chart(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Draw lines over the years for some kinds."""
    paper, top, values = _plot(topic, fonts, rng)
    floor, first = paper.height - 46.0, int(rng.integers(1960, 2015))
    for number, (name, value) in enumerate(values[:3]):
        steps = np.clip(value + np.cumsum(rng.normal(0, 12, 9)), 4, 98)
        points = [
            (46 + at * (paper.width - 160) / 8, floor - (floor - top) * float(step) / 100)
            for at, step in enumerate(steps)
        ]
        colour = ACCENTS[(number + 1) % len(ACCENTS)]
        paper.pen.line(points, fill=colour, width=3)
        paper.pen.rectangle(
            (paper.width - 104, top + 20 * number, paper.width - 94, top + 10 + 20 * number),
            fill=colour,
        )
        paper.line(name[:14], paper.width - 88, top + 20 * number, 10)
    for at in range(0, 9, 2):
        paper.line(str(first + at), 36 + at * (paper.width - 160) / 8, floor + 8, 10)
    paper.pen.line((40, top, 40, floor), fill=paper.ink, width=2)
    paper.pen.line((40, floor, paper.width - 110, floor), fill=paper.ink, width=2)
    return paper


def pie_chart(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Draw a pie with a slice for each of some kinds."""
    paper, top, values = _plot(topic, fonts, rng)
    total, begun = sum(value for _, value in values), 0.0
    size = paper.height - top - 30
    for number, (name, value) in enumerate(values):
        colour, angle = ACCENTS[number % len(ACCENTS)], 360 * value / total
        box = (40, top, 40 + size, top + size)
        paper.pen.pieslice(box, begun, begun + angle, fill=colour, outline=paper.colour)
        begun += angle
        y = top + 10 + 22 * number
        paper.pen.rectangle((size + 80, y, size + 92, y + 12), fill=colour)
        paper.line(f"{name[:16]} {math.floor(100 * value / total)} %", size + 100, y - 1, 12)
    return paper


def form(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Print a form with fields, some filled in, and boxes to tick."""
    paper = Paper.take(fonts, rng, wide=False)
    y = paper.title(
        pick(
            rng, ("Registration of {}", "Order form: {}", "Application: {}", "Report on {}")
        ).format(plural(topic.name))
    )
    filled = rng.uniform() < 0.5
    date = f"{int(rng.integers(1, 29))} {pick(rng, _MONTHS)}"
    for label, value in (
        ("Name", pick(rng, _NAMES)),
        ("Address", ""),
        ("Date", date),
        ("Telephone", ""),
    ):
        paper.line(f"{label}:", 26, y, 12)
        paper.pen.rectangle((110, y - 4, paper.width - 26, y + 18), outline=paper.ink)
        if filled and value:
            paper.line(value, 116, y, 12)
        y += 34
    y = paper.line(f"Kind of {topic.name}:", 26, y, 12, bold=True) + 6
    for name, _ in kinds_of(topic, rng, 6):
        paper.pen.rectangle((30, y, 42, y + 12), outline=paper.ink, width=2)
        if filled and rng.uniform() < 0.3:
            paper.pen.line((31, y + 1, 41, y + 11), fill=paper.accent, width=2)
        y = paper.line(name, 52, y - 1, 12) + 6
    paper.pen.line((26, paper.height - 50, 190, paper.height - 50), fill=paper.ink)
    paper.line("Signature", 26, paper.height - 44, 10)
    return paper


def slide(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Show a slide with a heading and few points."""
    paper = Paper.take(fonts, rng, wide=True, dark=bool(rng.uniform() < 0.4))
    if rng.uniform() < 0.5:
        paper.pen.rectangle((0, 0, 12, paper.height), fill=paper.accent)
    y = paper.title(f"{plural(topic.name)}".capitalize(), int(rng.integers(30, 40))) + 8
    for name, meaning in kinds_of(topic, rng, int(rng.integers(3, 5))):
        paper.pen.ellipse((30, y + 7, 38, y + 15), fill=paper.accent)
        y = paper.line(short(f"{name}: {meaning}", 40), 48, y, 18) + 14
    return paper


def letter(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Write a letter with address, date and signature."""
    paper = Paper.take(fonts, rng, wide=False)
    sender, receiver = (str(name) for name in rng.permutation(_NAMES)[:2])
    right = paper.width - 150.0
    y = paper.line(sender, right, 24, 12)
    y = paper.line(f"{int(rng.integers(1, 99))} {topic.name.capitalize()} Street", right, y, 12)
    y = paper.line(f"{int(rng.integers(1, 29))} {pick(rng, _MONTHS)}", right, y + 10, 12)
    y = paper.line(f"Dear {receiver},", 26, y + 30, 12) + 8
    begin = f"thank you for your letter about {plural(topic.name)}."
    y = paper.block(f"{begin} {_prose(topic, rng, 3)}", (26, y, paper.width - 26.0, 400), 12)
    y = paper.line("Yours sincerely,", 26, y + 20, 12)
    paper.line(sender, 26, y + 22, 16, bold=True, accent=True)
    return paper


def receipt(topic: Topic, fonts: Fonts, rng: Rng) -> Paper:
    """Print a bill with prices and a sum."""
    paper = Paper.take(fonts, rng, wide=False)
    y = paper.title(f"{topic.name.capitalize()} shop", 26)
    y = paper.line(f"Receipt no. {int(rng.integers(100, 9999))}", 26, y, 11) + 14
    total = 0.0
    for name, _ in kinds_of(topic, rng, int(rng.integers(4, 9))):
        price = round(float(rng.uniform(0.5, 80)), 2)
        total += price
        paper.line(name[:26], 30, y, 13)
        y = paper.line(f"{price:.2f}", paper.width - 80.0, y, 13) + 4
    paper.pen.line((26, y, paper.width - 26, y), fill=paper.ink, width=2)
    paper.line("Total", 30, y + 8, 15, bold=True)
    paper.line(f"{total:.2f}", paper.width - 90.0, y + 8, 15, bold=True)
    return paper


# the words by which a layout is asked for
LAYOUTS: dict[str, tuple[Layout, tuple[str, ...]]] = {
    "prose": (prose, ("a page of text", "an article", "running text")),
    "two columns": (
        two_columns,
        ("a two-column page", "a page in two columns", "a newspaper page"),
    ),
    "table": (table, ("a table", "a page with a table", "rows and columns")),
    "bar chart": (bar_chart, ("a bar chart", "a chart with bars", "a diagram")),
    "line chart": (line_chart, ("a line chart", "a graph over the years", "a curve")),
    "pie chart": (pie_chart, ("a pie chart", "a round chart", "a diagram in slices")),
    "form": (form, ("a form", "a form to fill in", "a questionnaire")),
    "slide": (slide, ("a slide", "a presentation slide", "bullet points")),
    "letter": (letter, ("a letter", "a written letter", "correspondence")),
    "receipt": (receipt, ("a receipt", "a bill with prices", "an invoice")),
}
