"""`omnisearch query`: ask with words, pictures, sounds, films, pages, ids and vectors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Unpack

import click

from omnisearch_cli import filters, once, questions, reranking, rules, settings
from omnisearch_cli.questions import Flags
from omnisearch_cli.thumbnails import drawing
from omnisearch_cli.warm import option

if TYPE_CHECKING:
    from omnisearch_cli.program import Opened

EXAMPLES = """\b
Examples:
  omnisearch query "a red bicycle"
  omnisearch "a red bicycle"
  omnisearch query ./photo.jpg --text "the same at night"
  omnisearch query --audio talk.mp3 --from 1:12 --to 1:18 --modality video
  omnisearch query --image street.jpg --box 0.5,0,0.5,1 --not-text people
  omnisearch query --text "beach:2" --text "dog" --not-image indoors.jpg:0.3
  omnisearch query "invoice" --where "doc.pages < 5" --after 2026-01-01
  omnisearch query "the three newest photos of a bicycle" --route auto
  omnisearch query --more 3 --less 7
  omnisearch query "holiday" --deny-text "a child's face:0.3" --policy policy.toml
  omnisearch query --vector queries.npy --row 3 -k 20 --json
  omnisearch query "sunset" --paths0 | xargs -0 cp -t ./chosen
  omnisearch query "a red bicycle" --thumbnails auto
  omnisearch query --batch questions.jsonl > answers.jsonl
  omnisearch query "how are bolts tightened" --rerank cross:./my-cross-encoder

\b
A weight stands behind a colon: --text "beach:2". Of files that hold something
else than their flag says, what they hold is asked with, and that is said.
"""
_PAIRS = {"image": "A picture", "audio": "A sound", "video": "A film", "document": "A PDF"}


def _box(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:  # noqa: ANN401
    if text is None:
        return None
    try:
        numbers = tuple(float(number) for number in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != 4:
        raise click.BadParameter(f"{text!r} is no box: x,y,w,h as fractions, such as 0.5,0,0.5,1")
    return numbers


def _time(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    seconds = 0.0
    try:
        for place, part in enumerate(text.split(":")):
            number = float(part)
            seconds = 60 * seconds + (number if not place or number < 60 else math.nan)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise click.BadParameter(f"{text!r} is no time: seconds, or 1:30 or 1:02:30")
    return seconds


def _media(function: Any) -> Any:  # noqa: ANN401
    """Add the flags of files, wanted and not wanted."""
    for name, what in reversed(_PAIRS.items()):
        away = click.option(
            f"--not-{name}", multiple=True, metavar="FILE", help=f"{what} to lead away from."
        )
        wanted = click.option(
            f"--{name}", multiple=True, metavar="FILE", help=f"{what}; may be repeated."
        )
        function = wanted(away(function))
    return function


@click.command("query", epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[WORDS|FILE]...")
@click.option("--text", multiple=True, metavar="WORDS", help="Words, whatever they look like.")
@_media
@click.option("--not-text", multiple=True, metavar="WORDS", help="Words to lead away from.")
@once.option("--box", metavar="X,Y,W,H", then=_box, help="This part of the picture.")
@once.option("--from", "from_s", metavar="TIME", then=_time, help="Where the piece begins.")
@once.option("--to", "to_s", metavar="TIME", then=_time, help="Where the piece ends.")
@once.option("--page", type=click.IntRange(1), help="This page of the PDF. Default: the first.")
@click.option("--like", multiple=True, metavar="ID", help="What is stored under this id.")
@click.option("--more", multiple=True, metavar="ID", help="More like this hit, beside the rest.")
@click.option("--less", multiple=True, metavar="ID", help="Less like this hit.")
@once.option("--vector", metavar="FILE", help="A file with the vector; - reads JSON from stdin.")
@once.option("--row", type=click.IntRange(0), help="Which vector of the file, from 0.")
@once.option("--batch", metavar="FILE", help="Questions as JSON Lines; - is stdin.")
@click.option(
    "--combine",
    type=click.Choice(("joint", "sum", "rank")),
    help="How parts make one question. Default: joint, where one medium meets words.",
)
@click.option(
    "--mode",
    type=click.Choice(("hybrid", "vector", "words")),
    help="What words are compared with: meaning and spelling, or one of them.",
)
@click.option(
    "--fuse", type=click.Choice(("confidence", "rrf")), help="How lists are put together."
)
@filters.modality
@filters.where
@filters.path
@filters.after
@filters.before
@filters.min_confidence
@click.option("--min-score", type=float, help="Only hits with this score or more.")
@click.option(
    "--group-by",
    type=click.Choice(("item", "none")),
    help="One hit for each item, its best moment, or every moment. Default: item.",
)
@click.option(
    "--collapse",
    is_flag=True,
    default=None,
    help="Fold near-duplicates into one hit.",
)
@click.option(
    "--diverse", is_flag=True, default=None, help="First what is unlike the hits above it."
)
@click.option(
    "--diverse-by",
    "diverse",
    type=click.FloatRange(0, 1),
    metavar="WEIGHT",
    help="The same, with this weight on being unlike, 0 to 1. Default: 0.5.",
)
@click.option(
    "--follow", is_flag=True, default=None, help="Look also where names in good hits lead."
)
@filters.route
@reranking.options
@click.option(
    "--expand", is_flag=True, default=None, help="Look also for words that the best hits share."
)
@click.option(
    "--expand-by",
    multiple=True,
    type=click.Choice(("words", "vectors", "neighbours")),
    help="Expand by these: words of the best hits, their vectors, words that stand beside.",
)
@click.option(
    "--spelling",
    type=click.Choice(("repair", "suggest", "off")),
    help="Of words that nothing says, and that are nearly like one. Default: repair.",
)
@rules.options
@click.option("--offset", type=click.IntRange(0), help="Leave out so many hits.")
@click.option("--cursor", metavar="TEXT", help="Go on behind an answer, in its generation.")
@settings.setting(
    "-k", "--limit", "k", type=click.IntRange(1), default=10, show_default=True, help="Hits."
)
@settings.setting(
    "--recall",
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of the true neighbours to find; 1 is exact. Default: the collection's.",
)
@settings.setting("--explain", is_flag=True, help="Say on stderr what was done, and why.")
@click.option("--paths", is_flag=True, help="Print the paths of the files alone, one a line.")
@click.option("--paths0", is_flag=True, help="The same, each ended by NUL.")
@drawing.option
@settings.encoder_to_ask
@settings.index
@settings.json
@settings.quiet
@option.no_helper
def command(**flags: Unpack[Flags]) -> int:
    """Find what means the same as words, a picture, a sound, a film or a page.

    A word that is an existing media file, or begins with ./ ../ / or ~/, is asked with as a file;
    - takes what comes through stdin. Several parts make one question. The best hit comes first.

    An ID is the number of a hit of the last query here, or what --json calls id or item. A TIME is
    seconds, or 1:30. Exits 1 when nothing is found.
    """
    opened = _opened()
    if opened is None:
        return questions.run(flags)
    if flags["encoder"] is not None or reranking.needs_model(flags):
        raise option.DeclinedError  # the process that stays has an encoder of its own, and no more
    return questions.run(flags, opened)


def _opened() -> Opened | None:
    """Give what opens collections where a process stays for several questions."""
    found: Opened | None = click.get_current_context().obj
    return found
