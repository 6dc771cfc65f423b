"""One codebook for each space: rotation, code groups, lists, and how far all of that errs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes import arrays, training
from omnisearch_indexes.calibration import Calibration, uncalibrated
from omnisearch_indexes.codes import BLOCK_ROWS, ByRow, Codes
from omnisearch_indexes.graph import Graph
from omnisearch_indexes.measurement import Trial
from omnisearch_indexes.pieces import Piece, Stored
from omnisearch_indexes.protocol import Bytes, Kind, Metric, Vectors
from omnisearch_indexes.rotation import Rotation
from omnisearch_indexes.threads import one_thread

KIND = b"book"
CENTROIDS = 16
_STRAY = 3.5  # times the usual distance from the mean: such rows are kept apart
_GRAPH_FROM = 20_000  # fewer rows are scanned in less time than a walk takes
_WHAT = "codebook"
_BLOCK = 4096  # rows encoded at a time: bounds memory at 4096-d to some 100 MB
_METRICS: tuple[Metric, ...] = ("cosine", "ip", "l2")


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """How rows become codes and what the codes are worth; shared by all pieces."""

    metric: Metric
    dim: int
    rotation: Rotation
    groups: NDArray[np.float32]  # (groups, 16, dimensions of a group)
    centroids: NDArray[np.float32]  # (lists, width), or (0, width) where all rows are one list
    lift: NDArray[np.float32]  # (lists,) added: wide lists reach nearer than their centroids say
    centre: NDArray[np.float32]  # (width + 1,): the mean of all rows, and of their squared lengths
    calibration: Calibration
    trained_rows: int
    graphs: bool = False  # whether large pieces are to be linked as well

    @staticmethod
    def train(
        source: Sequence[Piece] | Vectors,
        metric: Metric,
        *,
        kind: Kind = "auto",
        rows_total: int | None = None,
        seed: int = 0,
    ) -> Codebook:
        """Learn from a seeded sample of rows as stored; `rows_total` is what the lists are for."""
        lists = training.lists_for(rows_total or training.count(source), kind)
        sample = training.draw(source, lists, seed)
        dim = sample.rows.shape[1]
        rotation = training.rotation_for(dim, seed)
        rotated = rotation.apply(sample.rows)
        centroids = training.learn_lists(rotated, lists, seed)
        few = np.ascontiguousarray(rotated[: training.SAMPLE_ROWS])
        groups = training.learn_groups(few, training.group_width(dim), seed)
        centre = np.append(rotated.mean(axis=0), np.square(rotated).sum(axis=1).mean())
        centre, lift = centre.astype(np.float32), _no_lift(centroids, metric)
        made = Codebook(
            *(metric, dim, rotation, groups, centroids, lift, centre),
            calibration=uncalibrated(),
            trained_rows=len(few),
            graphs=kind == "hnsw",
        )
        return made._tried(sample)

    def relisted(
        self,
        source: Sequence[Piece] | Vectors,
        *,
        kind: Kind = "auto",
        rows_total: int | None = None,
        seed: int = 0,
    ) -> Codebook:
        """Return the same code groups with lists for so many rows; codes stay valid."""
        lists = training.lists_for(rows_total or training.count(source), kind)
        sample = training.draw(source, lists, seed)
        rotated = self.rotate(sample.rows)
        centroids = training.learn_lists(rotated, lists, seed)
        lift = _no_lift(centroids, self.metric)
        made = dataclasses.replace(self, centroids=centroids, lift=lift)
        return made._tried(sample)

    def _tried(self, sample: training.Sample) -> Codebook:
        rows, strays = self._tamed(sample.unseen)
        trial = Trial.of(self, rows[~strays], self.rotate(sample.held_out), sample.total)
        lifted = dataclasses.replace(self, lift=trial.lift(self))
        measured = trial.measure(lifted)
        gather_us = measured.gather_us + sample.fetch_us  # what is cached costs more than fetching
        measured = dataclasses.replace(measured, gather_us=gather_us)
        return dataclasses.replace(lifted, calibration=measured)

    @property
    def lists(self) -> int:
        """In how many lists the codes are grouped."""
        return max(1, len(self.centroids))

    @property
    def block_bytes(self) -> int:
        """The size of a block of coded rows."""
        return len(self.groups) // 2 * BLOCK_ROWS

    def rotate(self, vectors: Vectors) -> Vectors:
        """Vectors in the frame of the codes."""
        return self.rotation.apply(vectors)

    def encode(self, vectors: Stored) -> Codes:
        """Return the codes of rows as stored, with a graph where one is wanted."""
        nibbles = np.empty((len(vectors), len(self.groups) // 2), np.uint8)
        lists = np.empty(len(vectors), np.uint16) if self.lists > 1 else None
        strays = np.zeros(len(vectors), np.bool_)
        for begin in range(0, len(vectors), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            rotated, strays[part] = self._tamed(vectors[part].astype(np.float32))
            nibbles[part] = self.nibbles(rotated)
            if lists is not None:
                lists[part] = self.assign(rotated)
        codes = Codes.arrange(ByRow(nibbles, lists, strays), self.lists)
        if self.graphs and len(vectors) >= _GRAPH_FROM and not len(codes.strays):
            codes = dataclasses.replace(codes, graph=Graph.build(vectors, self.metric))
        return codes

    def _tamed(self, vectors: Vectors) -> tuple[Vectors, NDArray[np.bool_]]:
        """Return rotated rows, and which are so far off that a code would say nothing of them."""
        if self.metric == "cosine":
            return self.rotate(vectors), np.zeros(len(vectors), np.bool_)
        with np.errstate(all="ignore"):
            rotated = self.rotate(vectors)
            away = (rotated - self.centre[:-1]).astype(np.float64)
            spread = float(self.centre[-1]) - float(np.square(self.centre[:-1]).sum())
            near = np.einsum("ij,ij->i", away, away) <= _STRAY**2 * max(spread, 0.0)
        rotated[~near] = 0
        return rotated, ~near

    def nibbles(self, rotated: Vectors) -> Bytes:
        """Return the nearest centroid of each group, two groups a byte."""
        quantizer = faiss.ProductQuantizer(self.rotation.width, len(self.groups), 4)
        faiss.copy_array_to_vector(self.groups.reshape(-1), quantizer.centroids)
        with one_thread():
            codes: Bytes = quantizer.compute_codes(np.ascontiguousarray(rotated))
        return codes

    def assign(self, rotated: Vectors) -> NDArray[np.int64]:
        """Return the list of each rotated row: the nearest centroid, whatever the metric."""
        near = rotated @ self.centroids.T - 0.5 * np.square(self.centroids).sum(axis=1)
        nearest: NDArray[np.int64] = near.argmax(axis=1)
        return nearest

    def coarse(self, rotated: Vectors) -> Vectors:
        """Return the closeness of queries to all lists, (q, lists)."""
        close: Vectors = rotated @ self.centroids.T
        squares = np.einsum("ij,ij->i", rotated, rotated)[:, None]
        if self.metric == "l2":
            close *= 2
            close -= squares
            close += self.lift
        else:
            close += np.sqrt(squares) * self.lift
        return close

    def units(self, rotated: Vectors) -> list[tuple[float, float]]:
        """Return the mean closeness of each query to all rows, and the unit of its errors."""
        products = rotated @ self.centre[:-1]
        squares = np.einsum("ij,ij->i", rotated, rotated)
        if self.metric == "l2":
            products, away = 2 * products - squares - self.centre[-1], squares - 2 * products
            squares = np.maximum(away + self.centre[:-1] @ self.centre[:-1], 0)
        units = np.sqrt(squares) + 1e-30
        return list(zip(products.tolist(), units.tolist(), strict=True))

    def assign_codes(self, nibbles: Bytes) -> NDArray[np.uint16]:
        """Return the lists of rows of which only the codes are at hand."""
        lists = np.empty(len(nibbles), np.uint16)
        for begin in range(0, len(nibbles), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            lists[part] = self.assign(self.decode(nibbles[part]))
        return lists

    def decode(self, nibbles: Bytes) -> Vectors:
        """Return what the codes say the rotated rows are."""
        each = np.stack([nibbles & 15, nibbles >> 4], axis=2).reshape(len(nibbles), -1)
        return self.groups[np.arange(len(self.groups)), each].reshape(len(nibbles), -1)

    def wants_retraining(self, rows_total: int, kind: Kind) -> bool:
        """Whether so many rows deserve lists that this codebook has not."""
        wanted = training.lists_for(rows_total, kind)
        return wanted > 1 and wanted >= 4 * self.lists

    def to_bytes(self) -> bytearray:
        """Return the codebook as one file."""
        numbers = [_METRICS.index(self.metric), self.dim, self.trained_rows, self.graphs]
        named: dict[str, arrays.Array] = {
            "numbers": np.array(numbers, np.int64),
            "matrix": self.rotation.matrix,
            "shuffle": self.rotation.shuffle,
            "signs": self.rotation.signs,
            "groups": self.groups,
            "centroids": self.centroids,
            "lift": self.lift,
            "centre": self.centre,
        }
        return arrays.pack(KIND, named | self.calibration.to_arrays())

    @staticmethod
    def from_bytes(buffer: arrays.Buffer) -> Codebook:
        """Return a codebook over a buffer, not copied; raise where the parts do not fit."""
        found = arrays.unpack(KIND, buffer)
        numbers = arrays.take(_WHAT, found, "numbers", "<i8", 1)
        arrays.require(_WHAT, len(numbers) == 4, "numbers are missing")
        metric, dim, trained_rows, graphs = (int(number) for number in numbers)
        arrays.require(_WHAT, 0 <= metric < len(_METRICS), "an unknown metric")
        rotation = Rotation(
            arrays.take(_WHAT, found, "matrix", "<f4", 2),
            arrays.take(_WHAT, found, "shuffle", "<u4", 1),
            arrays.take(_WHAT, found, "signs", "<f4", 1),
        )
        groups = arrays.take(_WHAT, found, "groups", "<f4", 3)
        centroids = arrays.take(_WHAT, found, "centroids", "<f4", 2)
        centre = arrays.take(_WHAT, found, "centre", "<f4", 1)
        _check_shapes(dim, rotation, groups, centroids)
        lift = arrays.take(_WHAT, found, "lift", "<f4", 1)
        lifted = len(lift) == len(centroids) and bool(np.isfinite(lift).all())
        arrays.require(_WHAT, lifted, "the lists have another shape")
        centred = len(centre) == rotation.width + 1 and bool(np.isfinite(centre).all())
        arrays.require(_WHAT, centred, "the mean has another shape")
        measured = Calibration.from_arrays(found)
        return Codebook(
            _METRICS[metric],
            dim,
            rotation,
            groups,
            centroids,
            lift,
            centre,
            measured,
            trained_rows,
            bool(graphs),
        )


def _no_lift(centroids: Vectors, metric: Metric) -> NDArray[np.float32]:
    """Return what the metric itself adds to the product with a centroid."""
    squares: NDArray[np.float32] = np.square(centroids).sum(axis=1)
    return -squares if metric == "l2" else np.zeros_like(squares)


def _check_shapes(
    dim: int, rotation: Rotation, groups: NDArray[np.float32], centroids: NDArray[np.float32]
) -> None:
    width, block = rotation.width, len(rotation.matrix)
    square = rotation.matrix.shape == (block, block) and block > 0
    arrays.require(_WHAT, square and width % block == 0, "the rotation has another shape")
    arrays.require(_WHAT, 0 < dim <= width <= 1 << 14, "the dimensions are impossible")
    shuffled = len(rotation.shuffle) == width and set(rotation.shuffle) == set(range(width))
    arrays.require(_WHAT, shuffled, "the rotation is no permutation")
    paired = len(groups) > 0 and len(groups) % 2 == 0 and groups.shape[1] == CENTROIDS
    fits = len(groups) * groups.shape[2] == width
    arrays.require(_WHAT, paired and fits, "the groups do not fill the width")
    listed = centroids.shape[1] == width and len(centroids) < 1 << 16
    arrays.require(_WHAT, listed, "the centroids have another shape")
    finite = all(np.isfinite(array).all() for array in (groups, centroids, rotation.matrix))
    arrays.require(_WHAT, finite, "a number is not finite")
