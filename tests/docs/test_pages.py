import ast
import dataclasses
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.query import condition, filters, where, where_dict
from tests.docs.commands import carried_out, printed

ROOT = Path(__file__).parents[2]
NAMES = ("python", "filters", "encoders", "confidence", "ingest", "watch", "models")
PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in NAMES}
PYTHON, FILTERS, ENCODERS, *_ = (PAGES[name] for name in NAMES)
HELD = {name: one for kind in reversed(om.Collection.__mro__) for name, one in vars(kind).items()}
METHODS: dict[str, Callable[..., object]] = {
    name: method
    for name, method in HELD.items()
    if inspect.isfunction(method) and not name.startswith("_")
}
FUNCTIONS: dict[str, Callable[..., object]] = {
    "compare_encoders": om.compare_encoders,
    "discard_encoder": om.discard_encoder,
    "estimate": om.estimate,
    "estimate_reencode": om.estimate_reencode,
    "open": om.open,
    "read_vectors": om.read_vectors,
    "reencode": om.reencode,
    "reencode_status": om.reencode_status,
    "rollback_encoder": om.rollback_encoder,
    "watch": om.watch,
    "write_npy": om.write_npy,
    "write_vectors": om.write_vectors,
}
OF_ENCODERS: dict[str, Callable[..., object]] = {
    name: getattr(om.Encoder, name)
    for name, one in vars(om.Encoder).items()
    if not name.startswith("_") and not isinstance(one, property)
}
CALLS = {**METHODS, **FUNCTIONS}
HEADINGS = re.findall(r"^### `([^`]+)`$", PYTHON, re.MULTILINE)


def table(page: str, head: str) -> list[list[str]]:
    rows = page.split(f"\n| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def spelled(text: str) -> set[str]:
    prose = re.sub(r"```.*?```|^### .*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", prose))


def shown(name: str, function: Callable[..., object]) -> str:
    parts: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not any(p[0] == "*" for p in parts):
            parts.append("*")
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        several = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else several
        parts.append(stars + parameter.name + default)
    return f"{name}({', '.join(parts)})"


@pytest.mark.parametrize("name", PAGES)
def test_the_blocks_run_and_print_what_is_shown(name: str, tmp_path: Path) -> None:
    if name == "encoders":
        pytest.importorskip("sentence_transformers")
    for part, text in printed(PAGES[name], tmp_path):
        assert part.endswith(text)


@pytest.mark.parametrize("name", om.__all__)
def test_public_names_are_described(name: str) -> None:
    assert re.search(rf"`(om\.)?{name}\b", PYTHON), name


@pytest.mark.parametrize("name", CALLS)
def test_calls_are_described_with_their_parameters(name: str) -> None:
    function = CALLS[name]
    assert shown(name, function) in HEADINGS
    assert {*inspect.signature(function).parameters} - {"self"} <= spelled(PYTHON)


def test_calls_of_encoders_are_described_with_their_parameters() -> None:
    headings = re.findall(r"^### (.*)$", ENCODERS, re.MULTILINE)
    named = [found for line in headings for found in re.findall(r"`((\w+)\([^`]*)`", line)]
    assert {name for _, name in named} == {*OF_ENCODERS}
    for call, name in named:
        told = set(re.findall(r"(\w+)(?:=|,|\)|$)", call.partition("(")[2]))
        parameters = {*inspect.signature(OF_ENCODERS[name]).parameters} - {"self"}
        assert parameters <= told, name


def test_fields_of_encoders_are_described() -> None:
    for kind in (om.EncoderInfo, om.Speed, om.Space):
        assert dataclasses.is_dataclass(kind)
        assert {one.name for one in dataclasses.fields(kind)} <= spelled(ENCODERS)
    parts = [om.Text, om.Image, om.Audio, om.Video, om.Document]
    for part in parts:
        (row,) = re.findall(rf"\| `om\.{part.__name__}\(.*", ENCODERS)
        told = {"source", "weight", "sound", *re.findall(r"\w+", row)}
        assert {one.name for one in dataclasses.fields(part)} <= told


def test_the_commands_of_encoders_run(tmp_path: Path) -> None:
    commands = "".join(re.findall(r"```sh\n(.*?)```", ENCODERS, re.DOTALL))
    carried_out(commands, tmp_path, HF_HOME=str(tmp_path))
    assert (tmp_path / "v.npy").exists()


def test_described_calls_exist() -> None:
    named = {heading.partition("(")[0] for heading in HEADINGS}
    assert named == {*CALLS}
    used = set(re.findall(r"\b(?:col|copy|again|events)\.(\w+)", PYTHON))
    assert used <= set(dir(om.Collection))
    assert set(re.findall(r"\bom\.(\w+)", PYTHON)) <= {*om.__all__}


def test_properties_are_described() -> None:
    properties = {name for name, one in HELD.items() if isinstance(one, property)}
    assert {row[0].strip("`") for row in table(PYTHON, "property | is")} == {*properties, "path"}


@pytest.mark.parametrize(
    "kind",
    [
        om.Hit,
        om.Record,
        om.CompactReport,
        om.VerifyReport,
        om.RepairReport,
        om.Problem,
        om.IngestReport,
        om.FailedFile,
        om.Files,
        om.Forgotten,
        om.Progress,
        om.Estimate,
        om.KindEstimate,
        om.ReencodeReport,
        om.ReencodeEstimate,
        om.Unable,
        om.Comparison,
        om.Compared,
        om.Interval,
    ],
    ids=lambda kind: kind.__name__,
)
def test_fields_are_described(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    assert {one.name for one in dataclasses.fields(kind)} <= spelled(PYTHON)


def test_figures_are_described(tmp_path: Path) -> None:
    with om.open(tmp_path / "collection") as col:
        col.add_vectors(["a"], np.ones((1, 4)))
        assert set(col.stats()) <= spelled(PYTHON.split("### `stats()`")[1].split("\n## ")[0])


def test_errors_are_those_that_exist() -> None:
    described = {row[0].strip("`"): int(row[1]) for row in table(PYTHON, "error | status | means")}
    existing = {
        name: one.status
        for name, one in vars(om.errors).items()
        if inspect.isclass(one) and issubclass(one, om.errors.OmnisearchError)
    }
    assert described == existing


def test_both_forms_of_an_operator_find_the_same(tmp_path: Path) -> None:
    rows = table(FILTERS, "text | dict | passes when")
    names: dict[str, object] = {}
    (setup, *_) = re.findall(r"```python\n(.*?)```", FILTERS, re.DOTALL)
    exec(setup.replace('"shop"', f"{str(tmp_path / 'shop')!r}"), names)
    find = names["find"]
    assert callable(find)
    for text, tree, _ in rows:
        found = find(text.strip("`"))
        assert found == find(ast.literal_eval(tree.strip("`"))), text
        assert 0 < len(found) < 4, text


def test_every_operator_is_described() -> None:
    rows = table(FILTERS, "text | dict | passes when")
    texts, trees = (" ".join(row[column] for row in rows) for column in (0, 1))
    words = {*where._COMPARED, "in", "is null", "is not null", "and", "or", "not"}
    assert {word for word in words if f" {word} " not in texts.replace("`", " ")} == set()
    assert {*where_dict._OPS, "$and", "$or", "$not"} == set(re.findall(r"\$\w+", trees))


def test_kinds_take_what_the_table_says() -> None:
    described = {
        row[0].strip("`"): {"null" if op == "is null" else op for op in spelled(row[1])}
        for row in table(FILTERS, "kind | operators | compares with")
    }
    assert described == {kind: set(ops) for kind, ops in filters._OPS.items()}
    assert {row[0].strip("`") for row in table(PYTHON, "kind | from | comes back as")} == set(
        filters._OPS
    )


def test_limits_are_those_of_the_code() -> None:
    limits = [int(re.sub(r"\D", "", row[1])) for row in table(FILTERS, "what | at most")]
    assert limits == [
        condition.MAX_DEPTH,
        condition.MAX_TERMS,
        condition.MAX_VALUES,
        where.MAX_TEXT,
    ]
