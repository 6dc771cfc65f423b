"""Stage `recover`: step 1 and step 2 after the fusion, each measured on validation."""

from __future__ import annotations

from functools import partial

from omnisearch.training import checkpoints, finite, measures, plans
from omnisearch.training.encoder.assembly import build
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.fusion.stage import tried_on
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus, twins
from omnisearch.training.lessons.twins import Twin
from omnisearch.training.measures import Figures
from omnisearch.training.recovery.steps import Run, step_1, step_2

STEPS = ("fused", "step-1", "step-2")


def run(lab: Lab, options: Options) -> Figures:
    """Recover the fused encoder; `best` is the step with the best mean R@10 on validation."""
    plan, folder = plans.plan(options), lab.models / f"recover-{options.run}"
    fused = checkpoints.load(lab.models / f"fuse-{options.run}" / "fused.safetensors")
    train = corpus.every(lab, "train")
    validation = corpus.every(lab, "validation", plan.validation_rows)
    total = plan.repair.steps * len(plan.channels) + plan.rehearsal.steps
    with lab.progress("recover", total, "step") as bar:
        run_ = Run(options.seed, folder / "broken-batch.npz", bar.update)
        model = build(lab, fused)
        models = {"fused": model}
        for channel in plan.channels:
            model = step_1(model, channel, train, plan.repair, run_)
        models["step-1"] = model
        models["step-2"] = step_2(model, train, plan.rehearsal, run_, every_twin(lab, "train"))
    found, apart = dict[str, Figures](), dict[str, Figures]()
    for name, one in models.items():
        with finite.of(f"the encoder {name} of recover-{options.run}"):
            found[name] = tried_on(one, validation)
            apart[name] = told_apart(lab, one, plan.validation_rows)
    best = max(STEPS, key=lambda name: float(found[name]["mean_r10"]))
    for name in STEPS[1:]:
        _save(lab, options, name, models[name])
    _save(lab, options, "best", models[best])
    return {"best": best, "validation": found, "twins": apart}


def every_twin(lab: Lab, split: str) -> dict[str, list[list[Twin]]]:
    """Give the balanced twins of each row of each kind that has some."""
    found = {kind: twins.fair(twins.of(lab, kind, split)) for kind in corpus.KINDS}
    return {kind: rows for kind, rows in found.items() if any(rows)}


def told_apart(lab: Lab, model: Omni, limit: int) -> Figures:
    """Tell how often a held-out item is nearer to its caption than to a twin; half is chance."""
    found: Figures = {}
    for kind, rows in every_twin(lab, "validation").items():
        both = [(row, twin) for row, some in enumerate(rows) for twin in some[:1]][:limit]
        side = corpus.load(lab, kind, "validation").candidate
        found |= measures.told_apart(both, partial(model.encode, side), model.texts)
    return found


def _save(lab: Lab, options: Options, name: str, model: Omni) -> None:
    path = lab.models / f"recover-{options.run}" / f"{name}.safetensors"
    checkpoints.save(path, model.tensors(), {"step": name})
