"""Made sounds of tools, weapons, clocks and electricity."""

from __future__ import annotations

import numpy as np

from omnisearch.training.data.sound_kinds import LOW_HIGH, SLOW_FAST, Rng, sound
from omnisearch.training.data.synthesis import (
    SECONDS,
    Wave,
    band,
    beats,
    between,
    buzz,
    click,
    fade,
    glide,
    hiss,
    knock,
    noise,
    peak,
    put,
    scatter,
    showers,
    silence,
    square,
    strike,
    swell,
    tone,
    unit,
    wander,
)


@sound("electric drill", "drilling a hole", "a power drill", pitch=LOW_HIGH)
def _drill(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 300, 800), silence()
    for at in (0.1, 2.1):
        whirr = buzz(base * glide([0.4, 1, 0.95, 1, 0.3], 1.7), 1.7, 0.6)
        put(track, (unit(whirr) + 0.5 * hiss(rng, 1500, 7000, 1.7)) * swell(1.7, 0.08), at)
    return track


@sound("sewing machine", "stitching with a sewing machine", speed=SLOW_FAST)
def _sewing(rng: Rng, speed: float) -> Wave:
    rate = between(speed, 5, 16)
    stitches = scatter([knock(rng, 500, 0.01, 0.05)], beats(rng, rate, 0.01), rng)
    return unit(stitches) + 0.4 * unit(buzz(rate * 12, SECONDS, 1.0))


@sound("printer", "a printer printing", "a dot matrix printer", speed=SLOW_FAST)
def _printer(rng: Rng, speed: float) -> Wave:
    line = np.sign(tone(between(speed, 0.8, 2.5))) * 0.5 + 0.5
    needles = unit(buzz(between(speed, 160, 320), SECONDS, 0.3))
    return band(needles, 500, 6000) * line + 0.2 * hiss(rng, 500, 4000)


@sound("jackhammer", "a pneumatic drill", "roadworks", speed=SLOW_FAST)
def _jackhammer(rng: Rng, speed: float) -> Wave:
    blow = knock(rng, 130, 0.015, 0.06) + click(rng, 1000, 7000, 0.06)
    return scatter([blow], beats(rng, between(speed, 9, 22), 0.02), rng)


@sound("gunshot", "a gun firing", "a shot", "shooting", speed=("single", "repeated"))
def _gunshot(rng: Rng, speed: float) -> Wave:
    shot = peak(hiss(rng, 150, 7500, 1.2) * fade(1.2, 0.07, 0.0005)) + knock(rng, 80, 0.05, 1.2)
    times = [0.5] if speed < 0.35 else beats(rng, between(speed, 0.5, 1.5), 0.1)
    return scatter([shot], times, rng)


@sound("machine gun", "automatic gunfire", "bursts of fire", speed=SLOW_FAST)
def _machine_gun(rng: Rng, speed: float) -> Wave:
    shot = peak(hiss(rng, 200, 7000, 0.3) * fade(0.3, 0.02, 0.0005))
    track = silence()
    for start in (0.2, 1.7, 3.0):
        for number in range(int(rng.integers(5, 10))):
            put(track, shot, start + number / between(speed, 7, 15))
    return track


@sound("explosion", "a blast", "a bomb exploding", "a detonation", size=("small", "huge"))
def _explosion(rng: Rng, size: float) -> Wave:
    track = silence()
    blast = unit(band(noise(rng, 3.6, 0.5 + size / 2), 25, between(1 - size, 800, 5000)))
    put(track, blast * fade(3.6, between(size, 0.15, 0.8), 0.003), 0.2)
    put(track, knock(rng, 45, 0.2, 1.0), 0.2, 2.0)
    return track


@sound("fireworks", "firecrackers", "a firework display", speed=("few", "many"))
def _fireworks(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in showers(rng, between(speed, 0.6, 2.5)):
        rise = tone(glide([900, 2800], 0.5), 0.5) * swell(0.5, 0.2)
        put(track, rise, at, 0.3)
        put(track, hiss(rng, 80, 4000, 0.8) * fade(0.8, 0.1), at + 0.5, 0.8)
        for delay in rng.uniform(0.6, 1.2, 12):
            put(track, click(rng, 2000, 7500, 0.02), at + float(delay), 0.4)
    return track


@sound("rocket launch", "a rocket taking off", "a rocket engine", near=("distant", "close"))
def _rocket(rng: Rng, near: float) -> Wave:
    roar = unit(band(noise(rng, slope=0.8), 20, between(near, 500, 3500)))
    return roar * glide([0.05, 0.5, 1, 1, 0.9]) * wander(rng, 18, 0.7, 1)


@sound("clock ticking", "a ticking clock", "a watch", "tick tock", speed=SLOW_FAST)
def _clock(rng: Rng, speed: float) -> Wave:
    tick, tock = (strike(pitch, [1, 2.6], 0.006, 0.05) for pitch in (2600.0, 2000.0))
    track = silence()
    for number, at in enumerate(beats(rng, between(speed, 1.0, 5.0), 0.004)):
        put(track, tock if number % 2 else tick, at)
    return track


@sound("metronome", "a metronome beating time", speed=SLOW_FAST)
def _metronome(rng: Rng, speed: float) -> Wave:
    track, pitch = silence(), float(rng.uniform(900, 1400))
    for number, at in enumerate(beats(rng, between(speed, 0.9, 3.5), 0.0)):
        put(track, strike(pitch * (1 if number % 4 else 1.5), [1, 3.1], 0.01, 0.06), at)
    return track


@sound("electric hum", "mains hum", "a humming transformer", pitch=LOW_HIGH)
def _hum(rng: Rng, pitch: float) -> Wave:
    base = 50.0 if pitch < 0.5 else 120.0
    return unit(buzz(base, SECONDS, between(1 - pitch, 0.5, 1.2))) + 0.05 * noise(rng)


@sound(
    "electric spark",
    "sparks of electricity",
    "an electric arc",
    "buzzing electricity",
    speed=("few", "many"),
)
def _spark(rng: Rng, speed: float) -> Wave:
    zap = band(unit(square(100, 0.12)) * noise(rng, 0.12), 1000, 7800) * fade(0.12, 0.04)
    return scatter([peak(zap)], showers(rng, between(speed, 1.5, 12)), rng)


@sound("geiger counter", "clicks of a geiger counter", speed=SLOW_FAST)
def _geiger(rng: Rng, speed: float) -> Wave:
    return scatter([click(rng, 1500, 7000, 0.01)], showers(rng, between(speed, 4, 80)), rng)


@sound("winding", "winding up a clock", "a ratchet", "a fishing reel", speed=SLOW_FAST)
def _ratchet(rng: Rng, speed: float) -> Wave:
    tooth, track = click(rng, 1800, 6000, 0.02), silence()
    for start in (0.1, 1.1, 2.1, 3.1):
        for number in range(14):
            put(track, tooth, start + number / between(speed, 20, 50))
    return track


@sound("spray can", "spraying paint", "a hissing spray", "steam escaping", speed=("short", "long"))
def _spray(rng: Rng, speed: float) -> Wave:
    length, track = between(speed, 0.15, 1.6), silence()
    for at in np.arange(0.2, SECONDS - 0.1, length + 0.35):
        put(track, hiss(rng, 2500, 7900, length) * swell(length, 0.08), float(at))
    return track
