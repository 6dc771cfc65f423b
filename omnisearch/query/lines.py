"""Which line of a scale the rows of each kind have; without modality that of text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.calibrator import TARGETS
from omnisearch.storage import sides

LINES: npt.NDArray[np.int64] = np.array(
    [TARGETS.index(sides.target_of(kind)) for kind in range(sides.KINDS)]
)
