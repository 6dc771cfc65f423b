"""`omnisearch train`: the laboratory that makes the encoder; needs the extra `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Unpack

import click

from omnisearch.training import stages
from omnisearch.training.export import places
from omnisearch.training.lab import Lab, Options
from omnisearch_cli import fusing, output, settings

NAMES = "\n".join(f"  {stage.name:<12} {stage.makes}" for stage in stages.STAGES)
EXAMPLES = f"""\b
Stages, in order:
{NAMES}
  {"all":<12} each that is not done, up to the encoder

\b
Examples:
  omnisearch train data
  omnisearch train all --lab ./lab
  omnisearch train all --tiny --lab /tmp/tiny
  omnisearch train export --out omni-mini
  omnisearch train fuse --base base.safetensors --specialist a=a.safetensors \\
      --specialist b=b.safetensors --coefficient b=0.5 --out fused.safetensors

\b
What is finished is kept: after Ctrl-C or a failure the same command goes on.
"""


@click.command("train", epilog=EXAMPLES)
@click.argument("stage", metavar="STAGE")
@click.option(
    "--lab",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("lab"),
    metavar="FOLDER",
    help="Where packages, data, features and models are kept. Default: ./lab",
)
@click.option("--seed", type=click.IntRange(0), default=0, help="Of everything random. Default: 0")
@click.option(
    "--variant",
    type=click.Choice(["a", "b"]),
    default="b",
    help="Projectors from random init (a), or bootstrapped (b). Default: b",
)
@click.option("--threads", type=click.IntRange(1), default=1, help="Work done at once. Default: 1")
@click.option("--tiny", is_flag=True, help="On a corpus made here in seconds; needs no network.")
@click.option("--again", is_flag=True, help="Repeat the stage even if it is done.")
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
    for name in wanted:
        _run(name, lab, options, again=again, quiet=quiet)
    if stage == "export" and files["out"] is not None:
        places.copy(places.place(lab, options), files["out"])


def _run(name: str, lab: Lab, options: Options, *, again: bool, quiet: bool) -> None:
    try:
        ran = stages.run(name, lab, options, again=again)
    except KeyboardInterrupt:
        output.say(f"{name} goes on where it stopped when it is run again")
        raise
    if quiet:
        return
    record = stages.find(name).record(options)
    how = "done" if ran else "was done before (--again repeats it)"
    output.say(f"{name}: {how}, {lab.seconds(record):,.0f} s, {lab.figures / record}.json")
