"""All pictures that come from packages: one Arrow file a source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

from omnisearch.training.data import clipart, iconify, manifest, packages, raster, tables
from omnisearch.training.data.archives import members
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.drawings import Drawing, Source
from omnisearch.training.data.emoji import Emoji, plain
from omnisearch.training.data.splits import split_of
from omnisearch.training.lab import Lab, Options

_GLOSS_WORDS = 14
_CAPTIONS: tuple[tuple[packages.Kind, str], ...] = (
    ("npm", "emojibase-data"),
    ("debian", "wordnet-base"),
)


@dataclass(frozen=True)
class Knowledge:
    """What names pictures."""

    emoji: Emoji
    concepts: Concepts


def sources() -> list[Source]:
    """Read the table of sources."""
    text = resources.files(__package__).joinpath("pictures.json").read_text("utf-8")
    entries = json.loads(text)
    for entry in entries:
        entry["package"] = tuple(entry["package"])
        entry["variants"] = {end: tuple(how) for end, how in entry.get("variants", {}).items()}
        entry["tones"] = tuple(entry.get("tones", ()))
    return [Source(**entry) for entry in entries]


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Render every source that is not there yet; gives the pictures of each."""
    del options
    known: Knowledge | None = None
    figures = {}
    for source in sources():
        item = f"pictures-{source.name}"
        path = lab.data / f"{item}.arrow"
        if not path.exists():
            known = known or Knowledge(Emoji.load(lab), Concepts.load(lab))
            archive = packages.obtain(lab, *source.package)
            rows = _rows(lab, source, _read(archive, source, known), known)
            tables.write(path, tables.PICTURES, rows)
        package = packages.find(*source.package)
        used = [source.package, *_CAPTIONS]
        manifest.record(lab, item, used, package.licence, package.attribution)
        figures[source.name] = tables.count(path)
    return figures


def _read(archive: Path, source: Source, known: Knowledge) -> Iterable[Drawing]:
    if source.reader == "iconify":
        return iconify.drawings(archive, source, known.emoji)
    if source.reader == "emoji3d":
        return _emoji3d(archive, source, known.emoji)
    read = clipart.openclipart if source.reader == "openclipart" else clipart.tango
    return read(archive, source, known.concepts.wordnet)


def _emoji3d(archive: Path, source: Source, emoji: Emoji) -> Iterator[Drawing]:
    for name, content in members(archive, lambda one: one.endswith(".webp")):
        stem = PurePosixPath(name).stem
        code = plain(stem)
        if code in emoji.known:
            drawing = iconify.of_code(stem, content, source, emoji, code)
            if drawing is not None:
                yield drawing


def _rows(
    lab: Lab, source: Source, drawings: Iterable[Drawing], known: Knowledge
) -> Iterator[tables.Row]:
    seen: set[bytes] = set()
    found = list(drawings)
    with lab.progress(source.name, len(found), "pictures") as bar:
        for drawing in found:
            row = _row(source, drawing, known)
            bar.update()
            if row is None:
                continue
            digest = hashlib.blake2b(row["image"], digest_size=16).digest()
            if digest not in seen:
                seen.add(digest)
                yield row


def _row(source: Source, drawing: Drawing, known: Knowledge) -> dict[str, Any] | None:
    content = drawing.content
    image = raster.from_svg(content) if isinstance(content, str) else raster.from_bytes(content)
    if image is None:
        return None
    concept = known.concepts.of(drawing.title, drawing.codepoint)
    attributes = dict(drawing.attributes)
    if raster.is_grey(image):
        attributes["grey"] = "yes"
    if drawing.codepoint:
        attributes["codepoint"] = drawing.codepoint
    return {
        "id": f"{source.name}/{drawing.name}",
        "concept": concept,
        "kind": source.kind,
        "source": source.name,
        "style": drawing.style,
        "title": drawing.title,
        "captions": captions(drawing, concept, known.concepts),
        "image": raster.encode(image),
        "split": split_of(concept),
        "licence": packages.find(*source.package).licence,
        "attributes": json.dumps(attributes) if attributes else "",
    }


def captions(drawing: Drawing, concept: str, concepts: Concepts) -> list[str]:
    """Say what a drawing shows: its title, with its style, its keywords, what the word means."""
    title = drawing.title
    found = [title, f"{drawing.phrase} of {article(title)}"]
    others = [word for word in drawing.keywords if word not in title.split()][:8]
    if others:
        found += [f"{title}: {', '.join(others)}", ", ".join(others)]
    meaning = concepts.synset(concept)
    if meaning is not None:
        gloss = meaning.gloss.split(";")[0].split("(")[0].split()[:_GLOSS_WORDS]
        found.append(f"{title}, {' '.join(gloss)}")
        same = [lemma for lemma in meaning.lemmas if lemma.casefold() != title.casefold()]
        found += same[:1]
    return list(dict.fromkeys(found))


def article(title: str) -> str:
    """Put "a" or "an" before a title that takes it."""
    plural = title.endswith("s") and not title.endswith(("ss", "us", "is"))
    if plural or title.startswith(("flag of ", "the ", "a ", "an ")):
        return f"the {title}" if title.startswith("flag of ") else title
    return f"an {title}" if title[:1].lower() in "aeiou" else f"a {title}"
