"""`omnisearch train`: the laboratory that makes the encoder; needs the extra `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Unpack

import click

from omnisearch.training import stages
from omnisearch.training.export import places
from omnisearch.training.lab import Lab, Options
from omnisearch_cli import fusing, output, settings

LARGEST_SEED = 2**32 - 1  # that every library takes, and some seeds counted on from it


def _line(stage: stages.Stage) -> str:
    """Tell of a stage what it takes, makes and needs, without what another need stands on."""
    behind = {name for need in stage.needs for name in stages.find(need).needs}
    needs = ", ".join(name for name in stage.needs if name not in behind)
    minutes = "" if stage.minutes is None else f"{max(1, round(stage.minutes))} min"
    return f"  {stage.name:<12}{minutes:>6}  {stage.makes}{f'; needs {needs}' if needs else ''}"


NAMES = "\n".join(map(_line, stages.STAGES))
EXAMPLES = f"""\b
Stages, in order, with what they take on two cores:
{NAMES}
  {"all":<18}  each that is not done, up to the encoder

\b
Examples:
  omnisearch train data
  omnisearch train all --lab ./lab
  omnisearch train all --tiny --lab /tmp/tiny
  omnisearch train export --out omni-mini
  omnisearch train fuse --base base.safetensors --specialist a=a.safetensors \\
      --specialist b=b.safetensors --coefficient b=0.5 --out fused.safetensors

\b
Finished stages are kept: after Ctrl-C or a failure the same command goes on behind them.
"""


@click.command("train", epilog=EXAMPLES)
@click.argument("stage", metavar="STAGE")
@click.option(
    "--lab",
    "folder",
    type=settings.Folder(path_type=Path, file_okay=False),
    default=Path("lab"),
    metavar="FOLDER",
    help="Where packages, data, features and models are kept. Default: ./lab",
)
@click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    default=0,
    help="Of everything random. Default: 0",
)
@click.option(
    "--variant",
    type=click.Choice(["a", "b"]),
    default="b",
    help="Projectors from random init (a), or bootstrapped (b). Default: b",
)
@click.option("--threads", type=click.IntRange(1), default=1, help="Work done at once. Default: 1")
@click.option("--tiny", is_flag=True, help="On a corpus made here in seconds; needs no network.")
@click.option("--again", is_flag=True, help="Run the stage even if it is done.")
@fusing.options
@settings.quiet
def command(
    stage: str,
    folder: Path,
    seed: int,
    variant: Literal["a", "b"],
    threads: int,
    tiny: bool,
    again: bool,
    quiet: bool,
    **files: Unpack[fusing.Files],
) -> None:
    """Run a stage of the laboratory.

    STAGE is one of those below, or all.
    """
    if fusing.asked(stage, files):
        fusing.fuse(files, seed, quiet)
        return
    lab = Lab(folder, quiet)
    options = Options(seed=seed, tiny=tiny, variant=variant, threads=threads)
    recipe = [one.name for one in stages.STAGES if not one.apart]
    wanted = recipe if stage == "all" else [stage]
    made, out = places.place(lab, options), files["out"]
    if out is not None:
        places.free(made, out)  # before minutes are spent
    with stages.alone(wanted, lab, options):
        for name in wanted:
            _run(name, lab, options, again=again, quiet=quiet)
        if out is not None:
            places.copy(made, out)


def _run(name: str, lab: Lab, options: Options, *, again: bool, quiet: bool) -> None:
    stage = stages.find(name)
    try:
        ran = stages.run(name, lab, options, again=again)
    except KeyboardInterrupt:
        how = "goes on where it stopped" if stage.resumes else "begins anew"
        output.say(f"{name} {how} when it is run again")
        raise
    if quiet:
        return
    record = stage.record(options)
    how = "done" if ran else "was done before (--again repeats it)"
    output.say(f"{name}: {how}, {lab.seconds(record):,.0f} s, {lab.figures / record}.json")
