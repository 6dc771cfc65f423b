"""Damage one file at a time and ask everything, in child processes that may die."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import omnisearch as om
from tests.mutation.damage import Damage
from tests.mutation.specimen import Truth, copy, files_of, questions, wrong_answers

DERIVED = ("ids.bin", "codes.faiss", "columns.bin", "words.bin", "codebooks/")
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Patient:
    """The sound collection, another one, and what the sound one answers."""

    root: Path
    stranger: Path
    rows: Truth

    @property
    def spare(self) -> list[str]:
        """Name what only an older manifest needs, and that manifest: it may go."""
        inside = list(files_of(self.root))
        logs = [path for path in inside if path.startswith("log/")]
        manifests = [path for path in inside if path.startswith("manifests/")]
        ledgers = [path for path in inside if path.startswith("ledger/")]
        return [*logs[:-1], *manifests[:-1], *ledgers[:-1]]


@dataclass(slots=True)
class Findings:
    """What was tried and how it ended, by kind of damage."""

    tried: dict[str, int] = field(default_factory=dict)
    crashes: int = 0
    failures: list[str] = field(default_factory=list)


def examine_all(patient: Patient, cases: list[Damage]) -> Findings:
    """Try every damage; a child that dies is a finding, and another goes on behind the case."""
    found = Findings()
    for case in cases:
        found.tried[case.kind] = found.tried.get(case.kind, 0) + 1
    with tempfile.TemporaryDirectory() as name:
        wards = [Ward(patient, cases[i::WORKERS], Path(name) / str(i)) for i in range(WORKERS)]
        for ward in wards:
            ward.begin()
        for ward in wards:
            ward.finish(found)
    return found


class Ward:
    """Some cases and the child process that is at them."""

    def __init__(self, patient: Patient, cases: list[Damage], notes: Path) -> None:
        self._patient, self._cases, self._notes = patient, cases, notes
        self._process: BaseProcess

    def begin(self, first: int = 0) -> None:
        arguments = (self._patient, self._cases, first, self._notes)
        self._process = get_context("spawn").Process(target=_examine_from, args=arguments)
        self._process.start()

    def finish(self, found: Findings) -> None:
        while True:
            self._process.join()
            lines = self._notes.read_text().splitlines()
            if self._process.exitcode == 0:
                break
            last = max(json.loads(line)[0] for line in lines) if lines else 0
            found.crashes += 1
            found.failures.append(f"{self._cases[last]}: died with {self._process.exitcode}")
            self.begin(last + 1)
        found.failures += [fault for _, fault in map(json.loads, lines) if fault]


def _examine_from(patient: Patient, cases: list[Damage], first: int, notes: Path) -> None:
    logging.disable(logging.CRITICAL)
    with notes.open("a") as stream, tempfile.TemporaryDirectory(dir=patient.root.parent) as name:
        for number, case in enumerate(cases[first:], first):
            print(json.dumps([number, ""]), file=stream, flush=True)
            fault = _examine(patient, case, Path(name) / str(number))
            print(json.dumps([number, fault]), file=stream, flush=True)


def _examine(patient: Patient, case: Damage, place: Path) -> str:
    """Say what was wrong: damage unseen, a wrong answer, an error that is not ours."""
    copy(patient.root, place, case.path)
    case.do(place, patient.stranger)
    try:
        fault = _fault(patient, case, place)
    except Exception as error:  # whatever a damaged file raises is the finding
        fault = f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return f"{case}: {fault}" if fault else ""


def _fault(patient: Patient, case: Damage, place: Path) -> str:
    asked = questions(patient.rows)
    wrong, refused = wrong_answers(place, asked)
    if wrong:
        return f"wrong answers: {wrong[:5]}"
    if not _complaint(place):
        return "" if case.path in patient.spare else "doctor says all is well"
    if not any(part in case.path for part in DERIVED):
        return _writes_on(place) if refused == len(asked) else ""
    if refused:
        return f"{refused} questions refused for a derived file"
    om.repair(place)
    wrong, refused = wrong_answers(place, asked)
    left = _complaint(place)
    return f"not repaired: {wrong[:5]}, {refused}, {left}" if wrong or refused or left else ""


def _complaint(place: Path) -> str:
    try:
        problems = om.doctor(place).problems
    except om.errors.OmnisearchError as error:
        return str(error)
    return "; ".join(f"{one.path}: {one.fault}" for one in problems)


def _writes_on(place: Path) -> str:
    """What cannot be read must not be written over either."""
    try:
        with om.open(place) as collection:
            collection.delete(["nobody"])
            collection.upsert(["one more"], [[1.0] * 8])
    except om.errors.OmnisearchError:
        return ""
    return "a writer goes on as if nothing were"
