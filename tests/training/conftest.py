from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.training.toy import Decoupled


@pytest.fixture(scope="session")
def world() -> Decoupled:
    """Specialists of a toy world and their average; made once, never changed."""
    torch = pytest.importorskip("torch")
    from tests.training import toy

    torch.set_num_threads(1)
    return toy.decoupled(0)
