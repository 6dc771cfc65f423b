"""Options that hold hits against something else: what they must be near, and what they must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

import click

import omnisearch as om
from omnisearch_cli import once, parts, weights

Effect = Literal["deny", "allow"]
_WHAT = {
    "text": "Words",
    "image": "A picture",
    "audio": "A sound",
    "video": "A film",
    "document": "A PDF",
}
_EFFECTS: Mapping[Effect, str] = {
    "deny": "that no hit may be near",
    "allow": "that hits must be near, if to one of several",
}

policy = once.option("--policy", metavar="FILE", help="Rules of what hits may be near, as TOML.")


class Flags(TypedDict):
    """The flags, as click gives them."""

    policy: str | None
    deny_text: tuple[str, ...]
    deny_image: tuple[str, ...]
    deny_audio: tuple[str, ...]
    deny_video: tuple[str, ...]
    deny_document: tuple[str, ...]
    allow_text: tuple[str, ...]
    allow_image: tuple[str, ...]
    allow_audio: tuple[str, ...]
    allow_video: tuple[str, ...]
    allow_document: tuple[str, ...]


def options(function: Any) -> Any:  # noqa: ANN401
    """Add the flags of all effects and modalities, and that of policies."""
    pairs = [(effect, kind) for effect in _EFFECTS for kind in _WHAT]
    for effect, kind in reversed(pairs):
        told = f"{_WHAT[kind]} {_EFFECTS[effect]}; from :CONFIDENCE on, 0.5."
        metavar = "WORDS" if kind == "text" else "FILE"
        add = click.option(f"--{effect}-{kind}", multiple=True, metavar=metavar, help=told)
        function = add(function)
    return policy(function)


def given(flags: Flags) -> dict[str, Sequence[om.Rule]]:
    """Give the rules of the command line as `query` takes them; a policy stands first."""
    found = [*of_policy(flags["policy"]), *_of_flags(flags)]
    return {"policy": found} if found else {}


def of_policy(name: str | None) -> Sequence[om.Rule]:
    """Read the policy that was named."""
    return [] if name is None else om.read_policy(Path(name).expanduser())


def _of_flags(flags: Flags) -> Iterator[om.Rule]:
    given: Mapping[str, Any] = flags
    for effect in _EFFECTS:
        for kind in _WHAT:
            for one in given[f"{effect}_{kind}"]:
                yield _rule(effect, kind, one)


def _rule(effect: Effect, kind: str, text: str) -> om.Rule:
    """Make the rule of a flag: a confidence stands behind a colon, where there is one."""
    flag = f"--{effect}-{kind}"
    name, at = (weights.of_words if kind == "text" else weights.of_name)(text)
    options: dict[str, Any] = {} if name == text else {"at": at}
    part = om.Text(name) if kind == "text" else parts.of_file(kind, name)
    try:
        return om.Rule(effect, part, **options)
    except ValueError as error:
        raise click.UsageError(f"{flag}: {error}") from error
