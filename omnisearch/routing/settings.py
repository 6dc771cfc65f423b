"""How much what is understood counts; chosen by `benchmarks/routed.py` on the half for choosing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Log odds that a hit gains where it fits what is not certain; None leaves out all others."""

    kinds: float | None = 3.0  # at 4 the same; others left out loses what is called by a wrong kind
    dates: float | None = 1.5  # at 1 and 2 the same; at 4 dates win that texts tell of
    columns: float | None = 1.5  # at 1 and 2 the same
    within: float = 1.0  # below the best: good enough to be put in order; at 3 other things come in
    strip: frozenset[str] = frozenset()  # rules whose words are not looked for: none gained by it

    def surer(self, rule: str) -> float | None:
        """Tell how much surer what a rule prefers is."""
        given = {"kinds": self.kinds, "dates": self.dates, "columns": self.columns}
        return given.get(rule)


CHOSEN = Settings()
