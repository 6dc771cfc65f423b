"""Texts that only test, under `evaluation/`, where no stage looks for training data.

READMEs are few and under allowed licences; descriptions of Debian packages bear the licence of each
package, which is not known to be free.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.parser import Parser
from importlib import resources

from omnisearch.training.data import packages, tables
from omnisearch.training.data.made import seeded
from omnisearch.training.data.sections import first_words, sections
from omnisearch.training.lab import Lab

DESCRIPTIONS = 2_000
_FOLDER = "evaluation"


def build(lab: Lab, seed: int) -> Mapping[str, int]:
    """Write both sets; the descriptions are left out where there is no apt."""
    return {
        "readmes": _once(lab, "texts-readmes", lambda: readmes(lab)),
        "debian": _once(lab, "texts-debian", lambda: chosen(_translations(lab), seed)),
    }


def _once(lab: Lab, stem: str, rows: Callable[[], Iterable[tables.Row]]) -> int:
    path = lab.data / _FOLDER / f"{stem}.arrow"
    return tables.count(path) if path.exists() else tables.write(path, tables.TEXTS, rows())


def readme_packages() -> list[packages.Package]:
    """Name the packages whose READMEs are read."""
    text = resources.files(__package__).joinpath("registry_texts.json").read_text("utf-8")
    names = [entry["name"] for entry in json.loads(text) if entry["kind"] == "pip"]
    return [packages.find("pip", name) for name in names]


def readmes(lab: Lab) -> Iterator[tables.Row]:
    """Yield the title of a section of a README with how it begins."""
    for wheel in readme_packages():
        content = packages.member(packages.fetch(lab, wheel), wheel.licence_file)
        message = Parser().parsestr(content.decode())
        for number, (title, text) in enumerate(sections(str(message.get_payload()))):
            row_id, query = f"readme/{wheel.name}/{number}", f"{wheel.name}: {title}"
            yield _row(row_id, query, text, "readme", wheel.licence)


def chosen(listing: str, seed: int, total: int = DESCRIPTIONS) -> Iterator[tables.Row]:
    """Yield short and long descriptions of some packages of a listing."""
    found = sorted(set(descriptions(listing)))
    for at in seeded(seed, "debian").permutation(len(found))[:total]:
        name, short, text = found[int(at)]
        yield _row(f"debian/{name}", short, text, "debian", "evaluation only")


def descriptions(listing: str) -> Iterator[tuple[str, str, str]]:
    """Read name, short and long description out of a listing of packages."""
    pattern = r"(?ms)^Package: (\S+)$.*?^Description(?:-en)?: ([^\n]+)\n((?: [^\n]*\n)+)"
    for stanza in listing.split("\n\n"):
        if (met := re.search(pattern, f"{stanza}\n")) and len(met[3]) > 80:
            yield met[1], met[2], first_words(met[3].replace("\n .\n", "\n"))


def _translations(lab: Lab) -> str:
    """Fetch the English descriptions through apt, into a folder of our own."""
    folder = lab.packages / "apt"
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::State::lists": folder.resolve(),
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Acquire::Languages": "en",
        "APT::Sandbox::User": "root",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    try:
        subprocess.run(["apt-get", *options, "update"], capture_output=True, check=True)
        listed = max(folder.glob("*Translation-en*"), key=lambda path: path.stat().st_size)
        command = ["/usr/lib/apt/apt-helper", "cat-file", str(listed)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ""


def _row(row_id: str, query: str, passage: str, kind: str, licence: str) -> tables.Row:
    return {
        "id": row_id,
        "concept": row_id,
        "query": query,
        "passage": passage,
        "kind": kind,
        "split": "test",
        "licence": licence,
    }
