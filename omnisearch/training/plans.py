"""How long and how large each experiment is; tests run the same code with the tiny plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from omnisearch.training.lab import Options
from omnisearch.training.lessons.pairs import Channel
from omnisearch.training.recovery.steps import Rehearsal, Repair


@dataclass(frozen=True)
class Plan:
    """What fuse, recover, drift and phases are given."""

    repair: Repair = field(default_factory=Repair)
    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    channels: tuple[Channel, ...] = ("audio",)  # step 1: what was grafted is what drifts
    sweep_rows: int = 200  # of each kind, when ways to fuse are compared on validation
    validation_rows: int = 600  # of each kind; a standard error of 2 points
    test_rows: int = 1000  # of each kind; audio captions repeat, see audio_rows
    audio_rows: int = 3000  # captions repeat: this leaves 500 questions or more
    layer_rows: int = 200  # media whose states are compared layer by layer
    gram_rows: int = 128  # RegMean; each row is several tokens
    ridge_rows: int = 2000  # training media for the closed-form map, five times its width
    joint_share: float = 1.0  # control: of the steps of all specialists and of recovery
    scratch_steps: int = 760  # control: a projector's steps in the specialist and in step 1
    # pictures with instructions are learnt in phase 2 alone
    phase: Rehearsal = field(default_factory=lambda: Rehearsal(160, more={"composed": 64}))
    arm: Rehearsal = field(default_factory=lambda: Rehearsal(60))
    arm_seeds: int = 3


_REHEARSAL = Rehearsal(40, 16, backbone_rate=2e-4, projector_rate=1e-3, half=False)
TINY = Plan(
    repair=Repair(steps=60, batch=48, rate=2e-3, bank=2, half=False),
    rehearsal=_REHEARSAL,
    sweep_rows=60,
    validation_rows=60,
    test_rows=60,
    audio_rows=60,
    layer_rows=16,
    gram_rows=8,
    ridge_rows=100,
    joint_share=0.2,
    scratch_steps=40,
    phase=replace(_REHEARSAL, steps=10, each=4, more={"composed": 8}),
    arm=replace(_REHEARSAL, steps=10, each=4),
    arm_seeds=1,
)


def plan(options: Options) -> Plan:
    """Give the plan for these options."""
    return TINY if options.tiny else Plan()
