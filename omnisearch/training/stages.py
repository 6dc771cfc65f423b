"""The ordered table of stages, read from `stages.toml`, and how one is run.

A stage is named by `module:function`, imported when it runs, so that help needs no torch.
"""

from __future__ import annotations

import logging
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module, resources
from pathlib import Path

import omnisearch
from omnisearch.training import locks
from omnisearch.training.lab import REFUSALS, Lab, LabError, Made, Options, refused

_LOG = logging.getLogger(__name__)
Call = Callable[[Lab, Options], Mapping[str, object]]


@dataclass(frozen=True)
class Stage:
    """One step of the recipe."""

    name: str
    makes: str  # said in --help
    call: str  # module:function below omnisearch.training
    needs: tuple[str, ...] = ()
    varies: bool = False  # with variant and seed, so each pair has a record of its own
    apart: bool = False  # an experiment beside the recipe, not part of `all`
    resumes: bool = False  # parts that were finished are kept when it is cut
    reads: tuple[str, ...] = ()  # files of whichever runs there are, by patterns
    tells: str = ""  # files of the laboratory that tell what was made where figures do not
    minutes: float | None = None  # on two cores

    def record(self, options: Options) -> str:
        """Name the record of this stage under these options."""
        return f"{self.name}-{options.run}" if self.varies else self.name

    def load(self) -> Call:
        """Import what carries the stage out."""
        module, _, function = self.call.partition(":")
        found: Call = getattr(import_module(f"omnisearch.training.{module}"), function)
        return found


def _read() -> Iterator[Stage]:
    table = resources.files(__package__).joinpath("stages.toml").read_text("utf-8")
    for name, told in tomllib.loads(table).items():
        lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
        yield Stage(name, **{**told, **lists})


STAGES = tuple(_read())


def find(name: str) -> Stage:
    """Find a stage by its name."""
    names = [stage.name for stage in STAGES]
    if name in names:
        return STAGES[names.index(name)]
    near = get_close_matches(name.lower(), [*names, "all"], 1)
    known = f"did you mean {near[0]}?" if near else f"there are all, {', '.join(names)}"
    raise LabError(f"there is no stage {name!r}: {known}")


@contextmanager
def alone(names: Sequence[str], lab: Lab, options: Options) -> Iterator[None]:
    """Have the laboratory for some stages; other seeds go on beside those that vary with them."""
    chosen = [find(name) for name in names]
    if chosen[0] is not STAGES[0] and not (lab.root / "done").is_dir():
        remedy = f"run `{lab.command(STAGES[0].name, options.tiny)}` first"
        raise LabError(f"{lab.root} holds no laboratory: {remedy}")
    with locks.alone(lab, options.run if all(stage.varies for stage in chosen) else None):
        yield


def run(name: str, lab: Lab, options: Options, *, again: bool = False) -> bool:
    """Run a stage unless it is done; tells whether it ran."""
    stage = find(name)
    with alone([name], lab, options):
        lab.require_corpus(options.tiny)
        record = stage.record(options)
        fresh = lab.done(record) and not again
        needs = tuple(find(need).record(options) for need in stage.needs)
        _tell_versions(lab, (record, *needs) if fresh else needs)
        if not fresh:
            missing = _missing(stage, lab, options)
            lab.require(name, () if missing is None else (missing,), options.tiny)
            inputs, begun = lab.inputs((*needs, *stage.reads)), time.monotonic()
            figures = _carry_out(stage, lab, options)
            seconds = time.monotonic() - begun
            files = sorted(lab.root.glob(stage.tells)) if stage.tells else ()
            lab.finish(record, Made(figures, seconds, inputs, options.tiny, files))
    return not fresh


def _missing(stage: Stage, lab: Lab, options: Options) -> str | None:
    """Name the first record that is wanted, of the stage's needs and of theirs."""
    for need in map(find, stage.needs):
        if not lab.done(need.record(options)):
            return _missing(need, lab, options) or need.record(options)
    return None


def _tell_versions(lab: Lab, records: Sequence[str]) -> None:
    now = omnisearch.__version__
    for record in records:
        if lab.version(record) not in (None, now):
            told = "%s was made by omnisearch %s, this is %s: --again makes it anew"
            _LOG.warning(told, record, lab.version(record), now)


@contextmanager
def extra() -> Iterator[None]:
    """Say how to install what is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "omnisearch"):
            raise
        remedy = 'pip install "omnisearch[train]"'
        raise LabError(f"omnisearch train needs {missing}: {remedy}") from error
    except ImportError as error:  # installed, but it does not load here
        raise LabError(
            f"omnisearch train cannot load {error.name or 'a library'}: {error}"
        ) from error


def _carry_out(stage: Stage, lab: Lab, options: Options) -> Mapping[str, object]:
    try:
        with extra():
            return stage.load()(lab, options)
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        where = error.filename if isinstance(error.filename, str) else lab.root
        raise refused(error, Path(where)) from error
