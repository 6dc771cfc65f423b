"""One store in one process: `python -m benchmarks.worker PEER`.

A JSON object a line comes in, one goes out. Every time is taken here, around the store's own call,
so that pipes and JSON cost the store nothing.
"""

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.ma  # a first search imports it otherwise, and memory is counted after imports

from benchmarks import datasets, gauges, peers
from benchmarks.filters import Filter

PAUSE_S = 0.5
Reply = dict[str, Any]


class Keeper(threading.Thread):
    """Maintenance behind the writes, with a pause between two rounds."""

    def __init__(self, peer: peers.Peer) -> None:
        super().__init__(daemon=True)
        self.peer = peer
        self.stop = threading.Event()
        self.rounds = 0

    def run(self) -> None:
        while not self.stop.wait(PAUSE_S):
            self.peer.tidy()
            self.rounds += 1


class Worker:
    """Answers commands for one peer and one data set."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.data: datasets.Dataset
        self.peer: peers.Peer
        self.folder: Path
        self.keeper: Keeper

    def use(
        self,
        dataset: str,
        settings: dict[str, float] | None = None,
        folder: str | None = None,
        empty: bool = False,
    ) -> Reply:
        """Choose the data set and where the store lies; `empty` begins a store there."""
        self.data = datasets.load(dataset)
        self.folder = Path(folder) if folder else peers.place(self.name, dataset)
        if empty:
            self.erase()
        self.peer = peers.make(self.name, self.folder, settings)
        if empty:
            self.peer.create(self.data)
        return {"version": self.peer.version()}

    def build(self) -> Reply:
        """Store the whole data set: seconds, CPU seconds with every thread's, bytes on disk."""
        vectors = np.array(self.data.base)  # in memory first: reading the file is not the store's
        data = datasets.Dataset(**{**vars(self.data), "base": vectors})
        cpu, start = gauges.cpu_seconds(), time.perf_counter()
        self.peer.build(data)
        wall, cpu = time.perf_counter() - start, gauges.cpu_seconds() - cpu
        size = gauges.disk_bytes(self.folder)
        return {"build_s": wall, "build_cpu_s": cpu, "disk_bytes": size, "rows": len(vectors)}

    def open(self) -> Reply:
        start = time.perf_counter()
        self.peer.open()
        return {"s": time.perf_counter() - start}

    def search(self, row: int, k: int, wanted: list[Any] | None) -> Reply:
        query = self.data.queries[row]
        test = None if wanted is None else Filter(tuple(tuple(term) for term in wanted))
        cpu, start = time.process_time(), time.perf_counter()
        rows = self.peer.search(query, k, test)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        return {"s": wall, "cpu_s": cpu, "rows": rows}

    def batch(self, first: int, count: int, k: int) -> Reply:
        queries = self.data.queries[first : first + count]
        cpu, start = time.process_time(), time.perf_counter()
        rows = self.peer.batch(queries, k)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        return {"s": wall, "cpu_s": cpu, "rows": rows}

    def append(self, start: int, stop: int, form: str) -> Reply:
        return self._write(self.peer.append, start, stop, form)

    def upsert(self, row: int) -> Reply:
        return self._write(self.peer.upsert, row, row + 1, "dicts")

    def _write(self, write: Callable[[Any], None], start: int, stop: int, form: str) -> Reply:
        rows = self.peer.payload(self.data, start, stop, form)
        cpu, begun = time.process_time(), time.perf_counter()
        write(rows)
        return {"s": time.perf_counter() - begun, "cpu_s": time.process_time() - cpu}

    def holds(self, row: int) -> Reply:
        """Return whether a search for a stored vector finds its row."""
        return {"found": row in self.peer.search(np.array(self.data.base[row]), 10, None)}

    def tidy(self) -> Reply:
        """Start a thread that runs the store's maintenance again and again."""
        self.keeper = Keeper(self.peer)
        self.keeper.start()
        return {}

    def tidied(self) -> Reply:
        """Stop that thread."""
        self.keeper.stop.set()
        self.keeper.join()
        return {"rounds": self.keeper.rounds}

    def memory(self) -> Reply:
        return {"bytes": gauges.anonymous_bytes()}

    def forget(self) -> Reply:
        gauges.forget(self.folder)
        return {}

    def erase(self) -> Reply:
        shutil.rmtree(self.folder, ignore_errors=True)
        return {}


def main(name: str) -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not mix with the replies
    worker = Worker(name)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            reply = getattr(worker, command.pop("do"))(**command)
        except Exception as fault:  # the coordinator raises it again, with the peer's name
            reply = {"fault": f"{type(fault).__name__}: {fault}"}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main(sys.argv[1])
