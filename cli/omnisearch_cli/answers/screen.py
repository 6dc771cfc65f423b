"""What the output goes to: how wide it is, and what it understands beyond plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_USUAL = 80  # columns, where nobody knows
_LINKING = ("iTerm.app", "WezTerm", "ghostty", "vscode", "Hyper", "Tabby", "rio")
_LINKING_TERMS = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "foot-extra", "wezterm")
_VTE_LINKS, _KONSOLE_LINKS = 5000, 201200  # the versions from which on they know links


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal, or what stands for one; the plainest is a pipe."""

    columns: int = _USUAL
    terminal: bool = False
    bold: bool = False
    links: bool = False
    encoding: str = "utf-8"

    @classmethod
    def of(
        cls, environment: Mapping[str, str], *, terminal: bool, columns: int, encoding: str = ""
    ) -> Screen:
        """Judge by the environment what a terminal can do."""
        plain = bool(environment.get("NO_COLOR")) or environment.get("TERM", "") in ("", "dumb")
        return cls(
            columns=columns if columns > 0 else _USUAL,
            terminal=terminal,
            bold=terminal and not plain,
            links=terminal and _links(environment),
            encoding=encoding or "utf-8",
        )


def _links(environment: Mapping[str, str]) -> bool:
    """Tell whether a terminal surely knows OSC 8, and its files are those of this machine."""
    forced = environment.get("FORCE_HYPERLINK")
    if forced is not None:
        return forced not in ("", "0", "false", "no")
    term = environment.get("TERM", "")
    away = ("SSH_CONNECTION", "SSH_TTY", "TMUX", "STY")
    if (
        term in ("", "dumb")
        or term.startswith(("screen", "tmux"))
        or any(map(environment.get, away))
    ):
        return False
    return (
        term in _LINKING_TERMS
        or environment.get("TERM_PROGRAM") in _LINKING
        or bool(environment.get("WT_SESSION"))
        or _at_least(environment.get("VTE_VERSION"), _VTE_LINKS)
        or _at_least(environment.get("KONSOLE_VERSION"), _KONSOLE_LINKS)
    )


def _at_least(version: str | None, least: int) -> bool:
    return version is not None and version.isascii() and version.isdigit() and int(version) >= least
