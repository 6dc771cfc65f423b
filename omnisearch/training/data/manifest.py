"""Where everything in the corpus comes from and under which licence: `data.json`, and the NOTICE.

Each file of the corpus is recorded by whoever writes it; the manifest is refused if one is not, or
if a row bears a licence that is not on the list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from omnisearch.training.data import tables
from omnisearch.training.data.licences import ALLOWED, TEST_ONLY, check
from omnisearch.training.data.packages import Kind, find
from omnisearch.training.lab import Lab, LabError, Options, write_json

NOT_ITEMS = {"concepts", "triplets"}  # derived from the others
_FOLDER = "sources"


def record(
    lab: Lab,
    item: str,
    packages: Iterable[tuple[Kind, str]],
    licence: str,
    attribution: str,
) -> None:
    """Note what a file of the corpus (its name without .arrow) was made from."""
    check(licence, item)
    used = [find(kind, name) for kind, name in packages]
    for package in used:
        if any(name in package.name for name in TEST_ONLY):
            raise LabError(f"{item} is made from {package.name}, which may only test")
    entry = {
        "item": item,
        "licence": licence,
        "attribution": attribution,
        "packages": [
            {
                "kind": one.kind,
                "name": one.name,
                "version": one.version,
                "sha256": one.sha256,
                "licence": one.licence,
                "attribution": one.attribution,
                "role": one.role,
            }
            for one in used
        ],
    }
    write_json(lab.data / _FOLDER / f"{item}.json", entry)


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write data.json and NOTICE; gives the rows of each item by split."""
    del options
    entries = []
    for path in sorted(lab.data.glob("*.arrow")):
        if path.stem in NOT_ITEMS:
            continue
        source = lab.data / _FOLDER / f"{path.stem}.json"
        if not source.exists():
            raise LabError(f"{path} has no record of its licence: remove it and run `data` again")
        table = tables.read(path, ["licence", "split"])
        for licence in table["licence"].unique().to_pylist():
            check(licence, path.name)
        counted = pc.value_counts(table["split"]).to_pylist()
        counts = {one["values"]: one["counts"] for one in counted}
        entries.append({**json.loads(source.read_text("utf-8")), "counts": counts})
    write_json(lab.data / "data.json", entries)
    (lab.data / "NOTICE").write_text(notice(entries), "utf-8")
    return {entry["item"]: entry["counts"] for entry in entries}


def notice(entries: Sequence[Mapping[str, Any]]) -> str:
    """Write what the licences demand to be said beside the weights."""
    lines = [
        "omni-mini was trained on the works below. Pictures were rendered at 256 x 256 and sounds",
        "resampled to 16 kHz. What is not listed was made by this project.",
        "",
    ]
    by_licence: dict[str, set[str]] = {}
    for entry in entries:
        for package in (one for one in entry["packages"] if one["role"] == "data"):
            text = f"{package['attribution']} ({package['name']} {package['version']})"
            by_licence.setdefault(package["licence"], set()).add(text)
    for licence in sorted(by_licence):
        lines += [f"{ALLOWED.get(licence, licence)} ({licence}):"]
        lines += [f"  {text}" for text in sorted(by_licence[licence])]
        lines.append("")
    return "\n".join(lines)
