"""Made sounds of animals."""

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
    swell,
    tone,
    unit,
    wander,
)


def _chirp(points: list[float], length: float) -> Wave:
    return tone(glide(points, length), length, [1, 0.2]) * swell(length, 0.3)


@sound("bird singing", "birdsong", "birds chirping", "a songbird", speed=SLOW_FAST, pitch=LOW_HIGH)
def _birdsong(rng: Rng, speed: float, pitch: float) -> Wave:
    base = between(pitch, 1800, 4500)
    notes = []
    for _ in range(5):
        points = [float(p) for p in base * rng.uniform(0.75, 1.3, int(rng.integers(2, 5)))]
        notes.append(_chirp(points, between(1 - speed, 0.05, 0.2)))
    return scatter(notes, showers(rng, between(speed, 3, 10)), rng)


@sound("crow", "a crow cawing", "a raven calling", speed=SLOW_FAST)
def _crow(rng: Rng, speed: float) -> Wave:
    length = float(rng.uniform(0.25, 0.45))
    call = buzz(glide([480, 620, 430], length), length, 0.4) * swell(length, 0.25)
    call = band(call * (1 + unit(band(noise(rng, length), 40, 160))), 800, 3500)
    return scatter([peak(call)], beats(rng, between(speed, 0.7, 1.8), 0.08), rng)


@sound("owl", "an owl hooting", "hoots of an owl", pitch=LOW_HIGH)
def _owl(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 260, 480), silence()
    for at, length in ((0.2, 0.25), (0.75, 0.2), (1.1, 0.6), (2.6, 0.25), (3.1, 0.6)):
        hoot = tone(glide([base, base * 1.05, base * 0.92], length), length, [1, 0.15])
        put(track, hoot * swell(length, 0.3), at + float(rng.uniform(0, 0.1)))
    return track


@sound("cuckoo", "a cuckoo calling", "a cuckoo clock", speed=SLOW_FAST)
def _cuckoo(rng: Rng, speed: float) -> Wave:
    base, track = float(rng.uniform(550, 750)), silence()
    for at in beats(rng, between(speed, 0.6, 1.2), 0.02):
        put(track, tone(base * 1.26, 0.18, [1, 0.1]) * swell(0.18, 0.2), at)
        put(track, tone(base, 0.3, [1, 0.1]) * swell(0.3, 0.2), at + 0.27)
    return track


@sound("rooster", "a rooster crowing", "a cock crowing", "a cockerel", pitch=LOW_HIGH)
def _rooster(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 420, 700), silence()
    steps = ((0.2, 0.2, 1.0), (0.5, 0.18, 1.2), (0.8, 0.25, 1.5), (1.15, 1.1, 1.7))
    for at, length, ratio in steps:
        top = base * ratio
        call = buzz(glide([top * 0.8, top, top, top * 0.7], length), length, 0.7)
        put(track, band(call, 600, 4500) * swell(length, 0.15), at)
    return track


@sound("duck", "a duck quacking", "quacking ducks", speed=SLOW_FAST)
def _duck(rng: Rng, speed: float) -> Wave:
    quack = buzz(glide([330, 260], 0.17), 0.17, 0.3) * swell(0.17, 0.2)
    return scatter([band(quack, 700, 2600)], beats(rng, between(speed, 1.3, 4), 0.12), rng)


@sound("woodpecker", "a woodpecker drumming on a tree", speed=SLOW_FAST)
def _woodpecker(rng: Rng, speed: float) -> Wave:
    tap, track = knock(rng, float(rng.uniform(700, 1300)), 0.008, 0.08), silence()
    for start in (0.2, 2.2):
        for number in range(14):
            put(track, tap, start + number / between(speed, 12, 24), 1 - 0.04 * number)
    return track


@sound("cricket", "a cricket chirping", "crickets at night", speed=SLOW_FAST, pitch=LOW_HIGH)
def _cricket(rng: Rng, speed: float, pitch: float) -> Wave:
    base = between(pitch, 3500, 5500)
    pulse = tone(base, 0.018) * swell(0.018, 0.4)
    track = silence()
    for at in beats(rng, between(speed, 1.2, 4.0), 0.04):
        for number in range(4):
            put(track, pulse, at + number * 0.03)
    return track


@sound("cicada", "cicadas", "buzzing cicadas in summer", pitch=LOW_HIGH)
def _cicada(rng: Rng, pitch: float) -> Wave:
    centre = between(pitch, 3000, 6000)
    shake = 0.5 + 0.5 * np.sign(tone(float(rng.uniform(60, 140))))
    return hiss(rng, centre * 0.9, centre * 1.1) * shake * wander(rng, 1, 0.5, 1)


@sound("frog", "a frog croaking", "frogs", "a toad", speed=SLOW_FAST, pitch=LOW_HIGH)
def _frog(rng: Rng, speed: float, pitch: float) -> Wave:
    base, length = between(pitch, 250, 900), 0.28
    grain = np.clip(tone(between(pitch, 25, 50), length) * 3, 0, 1)
    croak = tone(glide([base, base * 1.15], length), length, [1, 0.6, 0.3]) * grain
    return scatter([croak * swell(length, 0.2)], beats(rng, between(speed, 0.9, 2.8), 0.1), rng)


@sound("bee", "a bee buzzing", "a buzzing insect", "a swarm of bees", pitch=LOW_HIGH)
def _bee(rng: Rng, pitch: float) -> Wave:
    base = between(pitch, 140, 260)
    return buzz(base * wander(rng, 4, 0.9, 1.1), SECONDS, 0.8) * wander(rng, 1.5, 0.2, 1)


@sound("mosquito", "a mosquito whining", "a gnat", near=("distant", "close"))
def _mosquito(rng: Rng, near: float) -> Wave:
    pitch = float(rng.uniform(480, 700)) * wander(rng, 3, 0.95, 1.05)
    return buzz(pitch, SECONDS, 1.1) * wander(rng, 1, 0.1, 1) + (1 - near) * 0.3 * noise(rng)


@sound("dog", "a dog barking", "barking", "a barking dog", speed=SLOW_FAST, size=("small", "big"))
def _dog(rng: Rng, speed: float, size: float) -> Wave:
    base, length = between(1 - size, 180, 650), 0.2
    bark = buzz(glide([base, base * 1.6, base * 0.8], length), length, 0.6)
    bark = bark * fade(length, 0.06, 0.015) + 0.3 * hiss(rng, 500, 3000, length) * fade(
        length, 0.03
    )
    return scatter([band(bark, 200, 4000)], beats(rng, between(speed, 1.0, 3.2), 0.15), rng)


@sound("cat", "a cat meowing", "a meow", "a mewing cat", pitch=LOW_HIGH)
def _cat(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 380, 750), silence()
    for at in beats(rng, 0.6, 0.1):
        length = float(rng.uniform(0.6, 1.0))
        voice = buzz(glide([base * 0.8, base * 1.25, base * 1.1, base * 0.7], length), length, 0.9)
        put(track, band(voice, 500, 3500) * swell(length, 0.25), at)
    return track


@sound("cow", "a cow mooing", "a moo", "cattle", pitch=LOW_HIGH)
def _cow(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 95, 180), silence()
    for at in (0.1, 2.2):
        length = float(rng.uniform(1.3, 1.8))
        voice = buzz(glide([base * 0.85, base * 1.2, base * 1.15, base * 0.8], length), length, 0.8)
        put(track, band(voice, 120, 1200) * swell(length, 0.3), at)
    return track


@sound("sheep", "a sheep bleating", "a goat", "a bleating lamb", pitch=LOW_HIGH)
def _sheep(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 280, 520), silence()
    for at in beats(rng, 0.75, 0.1):
        shake = 1 + 0.12 * tone(8.0, 0.8)
        voice = buzz(base * shake, 0.8, 0.6) * (0.6 + 0.4 * tone(8.0, 0.8)) * swell(0.8, 0.2)
        put(track, band(voice, 500, 3000), at)
    return track


@sound("wolf", "a wolf howling", "a howl", "howling wolves", pitch=LOW_HIGH)
def _wolf(rng: Rng, pitch: float) -> Wave:
    base = between(pitch, 320, 600)
    curve = glide([base * 0.7, base, base * 1.05, base, base * 0.95, base * 0.6])
    return tone(curve, SECONDS, [1, 0.35, 0.12]) * swell(SECONDS, 0.2) * wander(rng, 5, 0.85, 1)


@sound("horse galloping", "hoofbeats", "a trotting horse", "a horse on cobbles", speed=SLOW_FAST)
def _horse(rng: Rng, speed: float) -> Wave:
    hooves = [knock(rng, float(p), 0.015, 0.1) for p in rng.uniform(350, 800, 4)]
    stride, track = between(speed, 1.2, 2.6), silence()
    for at in beats(rng, stride, 0.02):
        for hoof, step in zip(hooves, (0, 0.18, 0.36, 0.5), strict=True):
            put(track, hoof, at + step / stride)
    return track


@sound("snake", "a snake hissing", "a rattlesnake", "a hiss", pitch=LOW_HIGH)
def _snake(rng: Rng, pitch: float) -> Wave:
    rattle = 0.6 + 0.4 * np.sign(tone(float(rng.uniform(18, 40))))
    return hiss(rng, between(pitch, 2500, 4500), 7500) * rattle * wander(rng, 1, 0.2, 1)


@sound("whale", "a whale singing", "whale song", "calls under water", pitch=LOW_HIGH)
def _whale(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 120, 420), silence()
    for at in (0.0, 2.0):
        points = [float(p) for p in base * rng.uniform(0.6, 1.7, 4)]
        put(track, tone(glide(points, 1.8), 1.8, [1, 0.4, 0.2]) * swell(1.8, 0.3), at)
    return track
