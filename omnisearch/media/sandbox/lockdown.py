"""Locking up a process and its children, layer by layer, each as far as the kernel goes along.

Two steps: the process that makes workers keeps the right to fork and to end what it made; a worker
gives that up too. What a layer takes is never given back, by nobody.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from omnisearch.media.sandbox import kernel, landlock, privileges, rlimits, seccomp
from omnisearch.media.sandbox.rlimits import Allowance


@dataclass(frozen=True, slots=True)
class Layers:
    """What holds a process; what the kernel lacks or refuses is False or 0."""

    no_new_privileges: bool = False
    no_capabilities: bool = False
    landlock: int = 0  # the version of the interface
    seccomp: bool = False

    @property
    def whole(self) -> bool:
        """Tell whether every layer is there."""
        return all((self.no_new_privileges, self.no_capabilities, self.landlock, self.seccomp))

    def as_json(self) -> dict[str, Any]:
        """Give the layers by name."""
        return asdict(self)


def lock_zygote(name: str) -> Layers:
    """Lock up the calling process so that it can read, write and connect to nothing new."""
    machine = kernel.machine()
    if machine is None:
        return Layers()
    with suppress(OSError):  # where memory runs out, the kernel ends decoders first
        Path("/proc/self/oom_score_adj").write_text("1000")
    _held(lambda: privileges.be_called(name))
    renounced = _held(privileges.renounce)
    return Layers(
        no_new_privileges=renounced,
        no_capabilities=_held(lambda: privileges.drop_capabilities(machine)),
        landlock=_version(),
        seccomp=seccomp.available()
        and _held(lambda: seccomp.install(machine, seccomp.for_zygote(machine))),
    )


def lock_worker(layers: Layers, allowance: Allowance, parent: int) -> None:
    """Lock up a child of a locked process for good; it dies with its parent."""
    machine = kernel.machine()
    if machine is not None:
        _held(lambda: privileges.die_with(parent))
    rlimits.hold(allowance)
    if machine is not None and layers.seccomp:
        seccomp.install(machine, seccomp.for_worker(machine, os.getpid()))


def _version() -> int:
    with suppress(OSError):  # there, but not allowed here
        return landlock.deny_all()
    return 0


def _held(step: Callable[[], None]) -> bool:
    try:
        step()
    except OSError:
        return False
    return True
