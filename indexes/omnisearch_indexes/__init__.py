"""Vectors under integer positions: flat, scan, IVF-PQ and HNSW behind one planner."""

from omnisearch_indexes.codebook import Codebook
from omnisearch_indexes.codes import Codes, merge_codes
from omnisearch_indexes.errors import CorruptIndexError, ShardError
from omnisearch_indexes.labelled import Labelled
from omnisearch_indexes.lists import Lists
from omnisearch_indexes.pieces import Piece
from omnisearch_indexes.protocol import Index, Kind, Metric, Neighbours, Plan
from omnisearch_indexes.shards import Shards
from omnisearch_indexes.table import Table

__all__ = [
    "Codebook",
    "Codes",
    "CorruptIndexError",
    "Index",
    "Kind",
    "Labelled",
    "Lists",
    "Metric",
    "Neighbours",
    "Piece",
    "Plan",
    "ShardError",
    "Shards",
    "Table",
    "merge_codes",
]
