"""The ordered table of stages, and how one is run.

A stage is named by `module:function`, imported when it runs, so that help needs no torch.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module

from omnisearch.training.lab import Lab, LabError, LabStorageError, Options

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

    def record(self, options: Options) -> str:
        """Name the record of this stage under these options."""
        return f"{self.name}-{options.run}" if self.varies else self.name

    def load(self) -> Call:
        """Import what carries the stage out."""
        module, _, function = self.call.partition(":")
        found: Call = getattr(import_module(f"omnisearch.training.{module}"), function)
        return found


_MADE, _TUNED, _WHOLE = ("heads", "inverse"), ("specialists",), ("specialists", "fuse", "recover")
STAGES: tuple[Stage, ...] = (
    Stage("data", "the corpus, from registries and made here", "data.stage:run"),
    Stage("towers", "the frozen towers, as graphs", "towers.stage:run", ("data",)),
    Stage("features", "the corpus through the towers", "towers.features:build", ("data", "towers")),
    Stage("heads", "features to sentence vectors", "specialists.bootstrap:heads", ("features",)),
    Stage("inverse", "sentence vectors to tokens", "specialists.inverse:inverse", ("features",)),
    Stage("specialists", "an encoder of each modality", "specialists.stage:run", _MADE, True),
    Stage("fuse", "specialists fused in the best of many ways", "fusion.stage:run", _TUNED, True),
    Stage("recover", "projectors alone, then a rehearsal", "recovery.stage:run", ("fuse",), True),
    Stage("phases", "instruction tuning", "recovery.phases:run", ("recover",), True),
    Stage("calibrate", "weights, the worth of a cosine", "export.calibrate:run", ("phases",), True),
    Stage("exam", "all that the encoder is held against", "exam.stage:run", ("calibrate",), True),
    Stage("export", "int8 graphs and their card", "export.stage:run", ("calibrate",), True),
    Stage("drift", "what fusion breaks and what repairs it", "drift.stage:run", _WHOLE, True, True),
    Stage("arms", "tuning in four ways", "recovery.phases:compare", ("recover",), True, True),
    Stage("rerank", "a reranker, and its worth", "reranking.stage:run", ("data",), True, True),
    Stage("baseline", "the simplest recipe", "exam.baseline:run", ("features",), apart=True),
    Stage("folds", "every sound held out once", "exam.folds:run", ("features",), apart=True),
    Stage("tags", "sounds tagged by the decoder", "exam.tags:run", ("features",), apart=True),
    Stage("release", "the test split, once", "exam.release:run", ("export",), True, True),
    Stage("report", "page, tables and plots of the drift", "drift.report:run", apart=True),
)


def find(name: str) -> Stage:
    """Find a stage by its name."""
    names = [stage.name for stage in STAGES]
    if name in names:
        return STAGES[names.index(name)]
    near = get_close_matches(name, names, 1)
    known = f"did you mean {near[0]}?" if near else f"there are all, {', '.join(names)}"
    raise LabError(f"there is no stage {name!r}: {known}")


def run(name: str, lab: Lab, options: Options, *, again: bool = False) -> bool:
    """Run a stage unless it is done; tells whether it ran."""
    stage = find(name)
    record = stage.record(options)
    if lab.done(record) and not again:
        return False
    needs = tuple(find(need).record(options) for need in stage.needs)
    lab.require(name, needs)
    begun = time.monotonic()
    lab.finish(record, _carry_out(stage, lab, options), time.monotonic() - begun, needs)
    return True


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
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        fault = f"no room left on the disk of {lab.root}"
        raise LabStorageError(f"{fault}: free some and run it again, it goes on") from error
