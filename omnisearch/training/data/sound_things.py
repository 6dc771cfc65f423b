"""Made sounds of things that are used, dropped, torn or struck."""

from __future__ import annotations

import numpy as np

from omnisearch.training.data.sound_kinds import LOW_HIGH, SLOW_FAST, Rng, sound
from omnisearch.training.data.synthesis import (
    SECONDS,
    Wave,
    band,
    beats,
    between,
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
    strike,
    swell,
    tone,
    unit,
    wander,
)


@sound("typing", "typing on a keyboard", "someone at a computer keyboard", speed=SLOW_FAST)
def _typing(rng: Rng, speed: float) -> Wave:
    keys = [click(rng, 1500, 6500, 0.03) + 0.4 * knock(rng, 300, 0.008, 0.03) for _ in range(6)]
    return scatter([key[:400] for key in keys], showers(rng, between(speed, 3, 13)), rng)


@sound("typewriter", "an old typewriter", "typing on a typewriter", speed=SLOW_FAST)
def _typewriter(rng: Rng, speed: float) -> Wave:
    keys = [knock(rng, float(p), 0.012, 0.08) for p in rng.uniform(900, 2200, 5)]
    track = scatter(keys, showers(rng, between(speed, 3, 10)), rng)
    put(track, strike(2300, [1, 2.4], 0.25, 1.0), float(rng.uniform(2, 3)), 0.7)
    return track


@sound("pencil writing", "writing on paper", "scribbling with a pencil", speed=SLOW_FAST)
def _pencil(rng: Rng, speed: float) -> Wave:
    strokes = np.abs(wander(rng, between(speed, 3, 14), -1, 1))
    return np.asarray(hiss(rng, 1800, 6500) * strokes**2)


@sound("cutting paper", "scissors", "cutting with scissors", speed=SLOW_FAST)
def _scissors(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in beats(rng, between(speed, 1.2, 4.0), 0.05):
        put(track, hiss(rng, 2500, 7500, 0.16) * swell(0.16, 0.5), at)
        put(track, click(rng, 3000, 7500, 0.04), at + 0.16, 0.8)
    return track


@sound("turning pages", "pages of a book", "leafing through a book", speed=SLOW_FAST)
def _pages(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in beats(rng, between(speed, 0.7, 2.5), 0.1):
        rustle = hiss(rng, 900, 7000, 0.35) * swell(0.35, 0.5) * wander(rng, 40, 0, 1, 0.35)
        put(track, rustle, at)
    return track


@sound("creaking door", "a door creaking open", "a squeaky hinge", speed=SLOW_FAST, pitch=LOW_HIGH)
def _creaking(rng: Rng, speed: float, pitch: float) -> Wave:
    base, track = between(pitch, 250, 900), silence()
    pace = between(speed, 20, 70) * wander(rng, 3, 0.5, 1.5)
    grain = np.diff(np.floor(np.cumsum(pace) / 16_000), prepend=0.0)
    for at in np.flatnonzero(grain)[:300] / 16_000:
        put(track, strike(base * float(rng.uniform(0.97, 1.03)), [1, 2.1, 3.3], 0.012, 0.06), at)
    return track


@sound("door slamming", "a slammed door", "a door shutting", size=("light", "heavy"))
def _slam(rng: Rng, size: float) -> Wave:
    track = silence()
    put(track, hiss(rng, 200, 900, 0.4) * swell(0.4, 0.5), 0.3, 0.1)
    put(track, knock(rng, between(1 - size, 55, 140), 0.09, 0.8), 0.7)
    put(track, click(rng, 400, 5000, 0.1), 0.7, 0.8)
    put(track, click(rng, 2000, 6000, 0.04), 0.85, 0.4)
    return track


@sound("breaking glass", "glass shattering", "a window smashed", size=("small", "big"))
def _glass(rng: Rng, size: float) -> Wave:
    track = silence()
    put(track, click(rng, 1500, 7900, 0.2), 0.4, 1.5)
    for delay in rng.exponential(between(size, 0.15, 0.5), round(between(size, 15, 60))):
        shard = strike(float(rng.uniform(2000, 6500)), [1, 1.5, 2.2], 0.05, 0.25)
        put(track, shard, 0.42 + float(delay), float(rng.uniform(0.1, 0.6)))
    return track


@sound("coin dropping", "a coin falling on a table", "a spinning coin", speed=SLOW_FAST)
def _coin_drop(rng: Rng, speed: float) -> Wave:
    ring, track = strike(float(rng.uniform(3200, 5200)), [1, 1.6, 2.3], 0.12, 0.6), silence()
    at, gap = 0.3, between(1 - speed, 0.25, 0.6)
    while gap > 0.015 and at < SECONDS - 0.1:
        put(track, ring, at, gap + 0.1)
        at, gap = at + gap, gap * 0.78
    return track


@sound("keys jingling", "a bunch of keys", "jingling keys", speed=SLOW_FAST)
def _jingling(rng: Rng, speed: float) -> Wave:
    rings = [strike(float(p), [1, 1.47, 2.1], 0.06, 0.3) for p in rng.uniform(2600, 6000, 8)]
    return scatter(rings, showers(rng, between(speed, 6, 30)), rng)


@sound("clinking dishes", "cutlery and plates", "dishes in a kitchen", speed=SLOW_FAST)
def _dishes(rng: Rng, speed: float) -> Wave:
    plates = [strike(float(p), [1, 2.3, 3.6], 0.08, 0.4) for p in rng.uniform(900, 3000, 8)]
    return scatter(plates, showers(rng, between(speed, 2, 9)), rng)


@sound("hammering", "a hammer hitting a nail", "hammer blows", speed=SLOW_FAST)
def _hammer(rng: Rng, speed: float) -> Wave:
    blow = strike(float(rng.uniform(700, 1600)), [1, 2.7, 4.1], 0.04, 0.3)
    blow = peak(blow) + knock(rng, 160, 0.03)[: len(blow)]
    return scatter([blow], beats(rng, between(speed, 1.0, 4.5), 0.04), rng)


@sound("sawing", "a hand saw cutting wood", "sawing wood", speed=SLOW_FAST)
def _sawing(rng: Rng, speed: float) -> Wave:
    rate = between(speed, 0.8, 3.2)
    stroke = np.abs(tone(rate / 2))
    teeth = 0.6 + 0.4 * tone(60 * rate * stroke)
    return hiss(rng, 700, 5500) * stroke**0.6 * teeth


@sound("sandpaper", "sanding wood", "rubbing with sandpaper", speed=SLOW_FAST)
def _sanding(rng: Rng, speed: float) -> Wave:
    return np.asarray(hiss(rng, 2500, 7800) * np.abs(tone(between(speed, 0.6, 3.0))) ** 2)


@sound("chopping wood", "an axe splitting logs", "chopping with an axe", speed=SLOW_FAST)
def _chopping(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in beats(rng, between(speed, 0.6, 1.8), 0.06):
        put(track, knock(rng, float(rng.uniform(140, 220)), 0.04), at)
        put(track, click(rng, 600, 6000, 0.12), at + 0.01, 0.8)
    return track


@sound("sweeping", "a broom sweeping the floor", "brushing", speed=SLOW_FAST)
def _sweeping(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in beats(rng, between(speed, 0.9, 2.5), 0.05):
        put(track, hiss(rng, 1200, 6000, 0.35) * swell(0.35, 0.45), at)
    return track


@sound("bouncing ball", "a ball bouncing", "dribbling a ball", speed=SLOW_FAST)
def _bouncing(rng: Rng, speed: float) -> Wave:
    bounce = knock(rng, float(rng.uniform(90, 260)), 0.035)
    return scatter([bounce], beats(rng, between(speed, 0.9, 4.0), 0.02), rng)


@sound("ping pong", "table tennis", "a ping-pong ball", speed=SLOW_FAST)
def _ping_pong(rng: Rng, speed: float) -> Wave:
    hits = [strike(pitch, [1, 1.9], 0.008, 0.06) for pitch in (1100.0, 1400.0)]
    return scatter(hits, beats(rng, between(speed, 1.5, 5.0), 0.04), rng)


@sound("popping cork", "a cork popping", "opening a bottle", "a pop", pitch=LOW_HIGH)
def _cork(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 350, 900), silence()
    pop = tone(glide([base * 0.6, base * 1.4], 0.08), 0.08) * fade(0.08, 0.02)
    put(track, pop, 0.6, 2.0)
    put(track, hiss(rng, 3000, 7800, 2.5) * fade(2.5, 0.6, 0.05), 0.66, 0.12)
    return track


@sound("camera shutter", "taking a photo", "a camera clicking", speed=SLOW_FAST)
def _shutter(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in beats(rng, between(speed, 0.6, 5.0), 0.02):
        put(track, click(rng, 1500, 7000, 0.03), at)
        put(track, click(rng, 1000, 5000, 0.05), at + 0.07, 0.8)
    return track


@sound("striking a match", "lighting a match", "a match being lit", size=("small", "big"))
def _match(rng: Rng, size: float) -> Wave:
    track = silence()
    put(track, hiss(rng, 1500, 7000, 0.5) * swell(0.5, 0.3), 0.4, 0.8)
    flare = unit(band(noise(rng, 2.4), 500, 5500)) * fade(2.4, between(size, 0.15, 0.6), 0.08)
    put(track, flare, 0.8)
    return track


@sound("shaking", "a shaken rattle", "maracas", "rice in a box", speed=SLOW_FAST)
def _shaking(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in beats(rng, between(speed, 2.0, 8.0), 0.02):
        put(track, hiss(rng, 3500, 7800, 0.09) * swell(0.09, 0.4), at)
    return track


@sound("tearing cloth", "ripping paper", "something being torn", speed=SLOW_FAST)
def _tearing(rng: Rng, speed: float) -> Wave:
    length = between(1 - speed, 0.4, 2.5)
    grain = np.abs(wander(rng, 120, -1, 1, length)) ** 2
    track = silence()
    put(track, hiss(rng, 800, 7800, length) * grain * swell(length, 0.2), 0.5)
    return track
