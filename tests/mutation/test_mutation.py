"""No damaged file is served: it is found, or built anew from the truth."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import omnisearch as om
from tests.crash.replay import folder_in_memory
from tests.mutation.damage import KINDS, damages
from tests.mutation.examination import Patient, examine_all
from tests.mutation.specimen import build, build_young, files_of, questions, wrong_answers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def patient() -> Iterator[Patient]:
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
        rows = build(Path(name) / "sound", seed=1)
        build(Path(name) / "stranger", seed=2)
        yield Patient(Path(name) / "sound", Path(name) / "stranger", rows)


def test_the_sound_collection_has_every_kind_of_file_and_answers_right(patient: Patient) -> None:
    kinds = {Path(path).parts[0] for path in files_of(patient.root)}
    folders = {"manifests", "log", "shards", "codebooks", "tombs", "ledger"}
    assert kinds == {"FORMAT", "HEAD", *folders}
    assert wrong_answers(patient.root, questions(patient.rows)) == ([], 0)
    assert om.doctor(patient.root).ok


def test_every_damage_to_a_young_collection_is_found(tmp_path: Path) -> None:
    rows = build_young(tmp_path / "sound", seed=1)
    build_young(tmp_path / "stranger", seed=2)
    patient = Patient(tmp_path / "sound", tmp_path / "stranger", rows)
    found = examine_all(patient, list(damages(patient.root, patient.stranger, flips=8)))
    assert found.failures == []
    assert found.crashes == 0


def test_damage_of_every_kind_is_found_and_none_is_served(patient: Patient) -> None:
    cases = list(damages(patient.root, patient.stranger, flips=2))[::2]  # the drill has all
    found = examine_all(patient, cases)
    assert found.failures == []
    assert found.crashes == 0
    assert set(found.tried) == set(KINDS)
