"""Scores that are no numbers: whatever examines an encoder ends, and says which one it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from omnisearch.evaluation.retrieval import NonFiniteError
from omnisearch.training.lab import LabError


class NonFiniteScoresError(LabError):
    """An encoder whose vectors are infinite or no numbers, so that its ranks tell nothing."""

    status = 500

    def __init__(self, encoder: str, fault: str) -> None:
        super().__init__(encoder, fault)  # as it is pickled between processes
        self.encoder, self.fault = encoder, fault

    def __str__(self) -> str:
        remedy = "make it again, or lower its rate"
        return f"{self.encoder} cannot be examined, {self.fault}: {remedy}"


@contextmanager
def of(encoder: str) -> Iterator[None]:
    """Say whose scores are not finite; of several names the outermost stands."""
    try:
        yield
    except NonFiniteError as error:
        raise NonFiniteScoresError(encoder, str(error)) from error
    except NonFiniteScoresError as error:
        raise NonFiniteScoresError(encoder, error.fault) from error
