"""Made sounds of people: steps, hands, voices without words."""

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
    put,
    scatter,
    showers,
    silence,
    swell,
    tone,
)


@sound("footsteps", "someone walking", "steps on a floor", "a person's footsteps", speed=SLOW_FAST)
def _footsteps(rng: Rng, speed: float) -> Wave:
    pitch, track = float(rng.uniform(70, 300)), silence()
    steps = [knock(rng, pitch * ratio, 0.02, 0.15) for ratio in (1, 1.12)]
    for number, at in enumerate(beats(rng, between(speed, 1.2, 3.6), 0.03)):
        put(track, steps[number % 2], at)
        put(track, click(rng, 1000, 5000, 0.04), at + 0.05, 0.3)
    return track


@sound(
    "footsteps on gravel", "walking on gravel", "steps in snow", "crunching steps", speed=SLOW_FAST
)
def _gravel(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in beats(rng, between(speed, 1.1, 3.0), 0.04):
        for grain in rng.uniform(0, 0.22, 14):
            put(track, click(rng, 1200, 7000, 0.02), at + float(grain), float(rng.uniform(0.2, 1)))
    return track


@sound("applause", "an audience clapping", "a crowd applauding", size=("sparse", "thunderous"))
def _applause(rng: Rng, size: float) -> Wave:
    claps = [click(rng, 700, 4500, 0.03) for _ in range(16)]
    return scatter(claps, showers(rng, between(size, 20, 300)), rng)


@sound("clapping", "one person clapping", "hand claps", speed=SLOW_FAST)
def _clapping(rng: Rng, speed: float) -> Wave:
    claps = [click(rng, 800, 4000, 0.05) for _ in range(3)]
    return scatter(claps, beats(rng, between(speed, 1.3, 5.0), 0.03), rng)


@sound("knocking", "a knock on the door", "someone knocking", speed=SLOW_FAST)
def _knocking(rng: Rng, speed: float) -> Wave:
    blow, track = knock(rng, float(rng.uniform(120, 320)), 0.03, 0.25), silence()
    for start in (0.2, 2.3):
        for number in range(int(rng.integers(3, 5))):
            put(track, blow, start + number / between(speed, 2.5, 7.0))
    return track


@sound("heartbeat", "a beating heart", "a pulse", speed=SLOW_FAST)
def _heartbeat(rng: Rng, speed: float) -> Wave:
    first, second = (knock(rng, pitch, 0.03, 0.2) for pitch in (52.0, 70.0))
    track, rate = silence(), between(speed, 0.8, 2.4)
    for at in beats(rng, rate, 0.01):
        put(track, first, at)
        put(track, second, at + 0.3 / rate, 0.7)
    return band(track, 20, 220)


@sound("whistling", "someone whistling", "a whistled tune", pitch=LOW_HIGH)
def _whistling(rng: Rng, pitch: float) -> Wave:
    base, at, track = between(pitch, 750, 1700), 0.1, silence()
    while at < SECONDS - 0.3:
        length = float(rng.choice([0.2, 0.3, 0.5]))
        note = base * 2 ** (int(rng.choice([0, 2, 4, 5, 7, 9, 12])) / 12)
        vibrato = 1 + 0.01 * tone(5.5, length)
        put(track, tone(note * vibrato, length) * swell(length, 0.15), at)
        at += length
    return track + 0.05 * hiss(rng, 1000, 5000)


@sound("breathing", "someone breathing", "heavy breath", speed=SLOW_FAST)
def _breathing(rng: Rng, speed: float) -> Wave:
    track, rate = silence(), between(speed, 0.4, 1.5)
    for at in beats(rng, rate, 0.03):
        put(track, hiss(rng, 900, 4000, 0.4 / rate) * swell(0.4 / rate, 0.4), at)
        put(
            track, hiss(rng, 300, 2000, 0.45 / rate) * swell(0.45 / rate, 0.4), at + 0.5 / rate, 0.8
        )
    return track


@sound("snoring", "someone snoring", "a snore", speed=SLOW_FAST)
def _snoring(rng: Rng, speed: float) -> Wave:
    track, rate = silence(), between(speed, 0.4, 0.8)
    for at in beats(rng, rate, 0.04):
        length = 0.55 / rate
        rattle = 0.5 + 0.5 * np.sign(tone(float(rng.uniform(22, 45)), length))
        put(track, hiss(rng, 120, 900, length) * rattle * swell(length, 0.4), at)
        put(track, hiss(rng, 800, 3000, length / 2) * swell(length / 2, 0.5), at + length, 0.2)
    return track


@sound("coughing", "someone coughing", "a cough", speed=SLOW_FAST)
def _coughing(rng: Rng, speed: float) -> Wave:
    track = silence()
    for at in beats(rng, between(speed, 0.8, 2.5), 0.15):
        cough = hiss(rng, 400, 3500, 0.3) * fade(0.3, 0.06, 0.005)
        cough += 0.6 * buzz(glide([210, 150], 0.3), 0.3, 0.8) * fade(0.3, 0.08, 0.03)
        put(track, cough, at)
    return track


@sound("baby crying", "a crying baby", "an infant wailing", pitch=LOW_HIGH)
def _baby(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 350, 560), silence()
    for at in beats(rng, 0.85, 0.06):
        points = [base * 0.8, base * 1.15, base * 1.1, base * 0.75]
        cry = buzz(glide(points, 0.9) * (1 + 0.02 * tone(7.0, 0.9)), 0.9, 0.6)
        put(track, band(cry, 700, 4500) * swell(0.9, 0.15), at)
    return track


@sound("laughing", "someone laughing", "laughter", pitch=LOW_HIGH)
def _laughing(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 130, 380), silence()
    for start in (0.1, 2.1):
        for number in range(8):
            top = base * (1.4 - 0.05 * number)
            ha = band(buzz(glide([top, top * 0.85], 0.14), 0.14, 0.7), 500, 2800) * swell(0.14, 0.3)
            put(track, ha + 0.1 * hiss(rng, 1000, 4000, 0.14), start + number * 0.21)
    return track
