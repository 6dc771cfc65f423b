"""Every case by name, with its settings: what is measured, on which data, beside whom."""

from dataclasses import dataclass

OURS = "omnisearch"
FRESH = "omnisearch-fresh"
STORES = ("lancedb", "chroma", "milvus-lite", "sqlite-vec")
GRAPHS = ("faiss-hnsw32", "hnswlib", "usearch")
# stores of tens of milliseconds a query are asked every tenth question
EVERY = {"chroma": 10, "milvus-lite": 10, "sqlite-vec": 10}


@dataclass(frozen=True)
class Case:
    """One table of docs/benchmarks.md."""

    name: str
    task: str  # the module that measures it
    dataset: str
    title: str
    peers: tuple[str, ...] = ()
    filter: str = "none"
    queries: int = 500
    form: str = ""  # of rows that are written: columns, dicts or one


SEARCHES = (
    Case(
        "search-wordnet",
        "searches",
        "wordnet",
        "Vector to 10 hits, ids and metadata read",
        (OURS, FRESH, *STORES, *GRAPHS),
    ),
    Case(
        "search-tfidf",
        "searches",
        "tfidf",
        "The same texts as TF-IDF and SVD",
        (OURS, FRESH),
    ),
    Case(
        "search-shifted",
        "searches",
        "shifted",
        "Queries from another cone",
        (OURS, FRESH, "lancedb", "faiss-hnsw32"),
    ),
    Case(
        "search-metrics",
        "searches",
        "wordnet",
        "The three metrics",
        (OURS, "omnisearch-ip", "omnisearch-l2"),
    ),
    Case("search-clustered-128", "searches", "clustered-128", "A million short vectors", (OURS,)),
    Case("search-clustered-384", "searches", "clustered-384", "A million vectors", (OURS,)),
)
FILTERS = tuple(
    Case(
        f"filter-{kind.rstrip('%')}",
        "searches",
        "wordnet",
        f"Filter: {kind}" + (" of the rows" if kind.endswith("%") else ""),
        (OURS, *STORES),
        kind,
        300,
    )
    for kind in ("50%", "10%", "1%", "0.1%", "correlated", "category")
)
MILLION = tuple(
    Case(
        f"filter-million-{kind.rstrip('%')}",
        "searches",
        "clustered-384",
        f"A million vectors, filter: {kind}",
        (OURS,),
        kind,
        300,
    )
    for kind in ("50%", "10%", "1%", "0.1%", "correlated")
)
REST = (
    Case("batch-wordnet", "batches", "wordnet", "1,000 queries in one call", (OURS, *GRAPHS)),
    Case("build-wordnet", "builds", "wordnet", "Insert and compact", (OURS, *STORES, *GRAPHS)),
    Case("memory-wordnet", "memory", "wordnet", "Anonymous memory", (OURS, *STORES, *GRAPHS)),
    Case("memory-clustered-384", "memory", "clustered-384", "Anonymous memory", (OURS,)),
    Case("open-wordnet", "openings", "wordnet", "Opening", (OURS, *STORES, *GRAPHS)),
    Case("open-clustered-384", "openings", "clustered-384", "Opening", (OURS,)),
    Case(
        "write-one",
        "writes",
        "wordnet",
        "One durable upsert, compaction running behind",
        (OURS, "lancedb-fresh", "chroma", "sqlite-vec"),
        form="one",
    ),
    Case(
        "write-columns",
        "writes",
        "wordnet",
        "1,000 rows a call, from columns",
        (OURS, "lancedb-fresh", "chroma", "milvus-lite", "sqlite-vec"),
        form="columns",
    ),
    Case(
        "write-dicts",
        "writes",
        "wordnet",
        "1,000 rows a call, from dicts",
        (OURS, "lancedb-fresh", "chroma"),
        form="dicts",
    ),
)
CASES = {case.name: case for case in (*SEARCHES, *FILTERS, *MILLION, *REST)}
