"""The options of `omnisearch train fuse` for checkpoints on disk, of any architecture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import click

from omnisearch.training import stages
from omnisearch_cli import output

METHODS = ("average", "task", "ties", "dare", "regmean")
METHOD = "task"
_FILE = click.Path(path_type=Path)
_BELONG = "--base, --specialist and --out belong to the stage fuse"
_READ_BY = {"density": "ties", "drop": "dare", "gram": "regmean"}  # option → its only method


class Files(TypedDict):
    """The options, as click gives them."""

    base: Path | None
    specialists: dict[str, str]
    method: str | None
    coefficients: dict[str, str]
    grams: dict[str, str]
    density: float | None
    drop: float | None
    out: Path | None


def _named(
    context: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not (name and sign and value):
            raise click.BadParameter(f"{pair!r} is not {parameter.metavar}")
        if name in found:
            both = f"{name}={found[name]} and {pair}"
            raise click.BadParameter(f"{both} have one name: give each name once")
        found[name] = value
    return found


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    several: dict[str, Any] = {"multiple": True, "callback": _named}
    added = (
        click.option("--base", type=_FILE, help="fuse: the checkpoint all specialists began with."),
        click.option(
            "--specialist",
            "specialists",
            metavar="NAME=FILE",
            help="fuse: a checkpoint to fuse; may be given several times.",
            **several,
        ),
        click.option(
            "--method",
            type=click.Choice(METHODS),
            help="fuse: how. Default: task, a weighted sum of task vectors.",
        ),
        click.option(
            "--coefficient",
            "coefficients",
            metavar="NAME=NUMBER",
            help="fuse: weight of a specialist. Default: 1 / how many there are.",
            **several,
        ),
        click.option(
            "--gram",
            "grams",
            metavar="NAME=FILE",
            help="fuse: inputs of a specialist's linear layers (X'X), for regmean.",
            **several,
        ),
        click.option(
            "--density",
            type=click.FloatRange(0, 1, min_open=True),
            help="fuse: share of entries that ties keeps. Default: 0.2",
        ),
        click.option(
            "--drop",
            type=click.FloatRange(0, 1, max_open=True),
            help="fuse: share of entries that dare drops. Default: 0.5",
        ),
        click.option(
            "--out",
            type=_FILE,
            help="fuse: the .safetensors file to write. export: a folder to copy the encoder to.",
        ),
    )
    for option in reversed(added):
        command = option(command)
    return command


def asked(stage: str, files: Files) -> bool:
    """Tell whether files are to be fused rather than a stage run."""
    named = [files["base"], files["specialists"], files["out"]]
    if stage == "export" and not any(named[:2]):
        named = []
    if any(named) and stage != "fuse":
        raise click.UsageError(f"{_BELONG}, --out also to export: {stage} takes none of them")
    if any(named) and not all(named):
        raise click.UsageError("--base, --specialist and --out are wanted together")
    chosen = files["method"] or METHOD
    for option in _given(files):
        if not any(named):
            fault = f"--{option} is for fusing files, which --base, --specialist and --out name"
            raise click.UsageError(f"{fault}: leave it out, or name them")
        if (reader := _READ_BY.get(option, chosen)) != chosen:
            fault = f"--{option} is for the method {reader}, not for {chosen}"
            raise click.UsageError(f"{fault}: leave it out, or give --method {reader}")
    return any(named)


def _given(files: Files) -> list[str]:
    """List the options that say how to fuse."""
    several = {"coefficient": files["coefficients"] or None, "gram": files["grams"] or None}
    single = {name: files[name] for name in ("method", "density", "drop")}
    return [name for name, value in (several | single).items() if value is not None]


def fuse(files: Files, seed: int, quiet: bool) -> None:
    """Fuse the files and say what was done."""
    with stages.extra():
        from omnisearch.training.fusion.arithmetic import Settings
        from omnisearch.training.fusion.files import Order, fuse_files
    assert files["base"] is not None and files["out"] is not None
    given = {"density": files["density"], "drop": files["drop"], "seed": seed}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    made = fuse_files(
        Order(
            files["base"],
            {name: Path(path) for name, path in files["specialists"].items()},
            files["out"],
            files["method"] or METHOD,
            {name: _number(name, value) for name, value in files["coefficients"].items()},
            {name: Path(path) for name, path in files["grams"].items()},
            settings,
        )
    )
    if quiet:
        return
    for name, norm in made.norms.items():
        output.say(f"{name}: its task vector is {100 * norm:.2f} % of the base")
    for pair, cosine in made.cosines.items():
        output.say(f"{pair.replace(' ', ' and ')}: cosine {cosine:.3f}")
    output.say(f"{len(made.tensors):,} tensors, {len(made.copied):,} of them copied verbatim")


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise click.UsageError(f"--coefficient {name}={value}: {value!r} is no number") from error
