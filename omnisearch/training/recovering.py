"""Stage `recover`: step 1 and step 2 after the fusion, each measured on validation."""

from __future__ import annotations

from omnisearch.training import checkpoints, corpus, plans
from omnisearch.training.assembly import build
from omnisearch.training.fusing import tried_on
from omnisearch.training.lab import Lab, Options
from omnisearch.training.measures import Figures
from omnisearch.training.omni import Omni
from omnisearch.training.recovery import Run, step_1, step_2

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
        models["step-2"] = step_2(model, train, plan.rehearsal, run_)
    found = {name: tried_on(one, validation) for name, one in models.items()}
    best = max(STEPS, key=lambda name: float(found[name]["mean_r10"]))
    for name in STEPS[1:]:
        _save(lab, options, name, models[name])
    _save(lab, options, "best", models[best])
    return {"best": best, "validation": found}


def _save(lab: Lab, options: Options, name: str, model: Omni) -> None:
    path = lab.models / f"recover-{options.run}" / f"{name}.safetensors"
    checkpoints.save(path, model.tensors(), {"step": name})
