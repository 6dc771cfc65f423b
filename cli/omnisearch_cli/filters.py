"""Options that say which answers count, for every command that asks."""

from __future__ import annotations

import click

from omnisearch_cli import once

MODALITIES = ("text", "image", "audio", "video", "document")

modality = click.option(
    "--modality", multiple=True, type=click.Choice(MODALITIES), help="Only these."
)
where = once.where('Only what passes, e.g. "price < 50".')
path = click.option(
    "--path", multiple=True, metavar="GLOB", help="Only files below, as photos/**/*.jpg."
)
after = once.option("--after", metavar="DATE", help="Only what was taken or changed since.")
before = once.option("--before", metavar="DATE", help="Only what was taken or changed before.")
route = click.option(
    "--route",
    type=click.Choice(("auto", "none")),
    help="Take dates, kinds, extremes and the like in the words for options: auto, or none. "
    "Default: none.",
)
min_confidence = click.option(
    "--min-confidence", type=float, help="Only hits that are as sure, 0 to 1."
)
