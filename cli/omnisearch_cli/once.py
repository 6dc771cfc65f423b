"""Options that stand once: of two click takes the last, and nobody hears of the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Then = Callable[[click.Context, click.Parameter, Any], Any]


def option(
    *flags: str,
    then: Then | None = None,
    remedy: str = "give it once",
    **attributes: Any,  # noqa: ANN401
) -> Decorator:
    """Make an option that is refused where it is given again; `then` reads the one value."""

    def one(context: click.Context, parameter: click.Parameter, given: tuple[Any, ...]) -> Any:  # noqa: ANN401
        if len(given) > 1:
            told = " and ".join(repr(value) for value in given)
            raise click.UsageError(f"{parameter.opts[0]} has {told}: {remedy}", context)
        value = given[0] if given else None
        return value if then is None else then(context, parameter, value)

    return click.option(*flags, multiple=True, callback=one, **attributes)


def where(told: str) -> Decorator:
    """Make the option of a condition; two may be meant to hold both, or either."""
    remedy = "write one condition, with and or or between them"
    return option("--where", metavar="FILTER", help=told, remedy=remedy)
