"""Made sounds of engines, vehicles and machines of the house."""

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
    put,
    silence,
    swell,
    tone,
    unit,
    wander,
)


def _pulses(rng: Rng, rate: float | Wave, low: float, high: float) -> Wave:
    """Noise and hum that throb at a rate: what all piston engines share."""
    throb = np.clip(tone(rate, SECONDS, [1, 0.5, 0.3]), 0, None)
    return unit(throb * hiss(rng, low, high)) + unit(band(buzz(rate, SECONDS, 0.6), 30, high))


@sound(
    "car engine",
    "an engine running",
    "a motor idling",
    "an idling car",
    speed=("idling", "revving"),
)
def _engine(rng: Rng, speed: float) -> Wave:
    rate = between(speed, 18, 90) * wander(rng, 1.5, 0.9, 1.1 + 0.4 * speed)
    return _pulses(rng, rate, 80, 1200)


@sound("car passing", "a car driving past", "traffic", "a passing car", speed=SLOW_FAST)
def _passing(rng: Rng, speed: float) -> Wave:
    length = between(1 - speed, 1.2, 3.8)
    rush = unit(band(noise(rng, length, 0.4), 120, 4000)) * swell(length, 0.5) ** 2
    hum = buzz(glide([130, 128, 105, 100], length), length, 0.8) * swell(length, 0.5) ** 2
    return rush + 0.3 * hum


@sound("motorcycle", "a motorbike", "a motorcycle revving", speed=("idling", "revving"))
def _motorcycle(rng: Rng, speed: float) -> Wave:
    base = between(speed, 30, 110)
    return _pulses(rng, glide([base, base * 1.8, base, base * 2.2, base]), 200, 3500)


@sound("truck horn", "a car horn", "honking", "a vehicle's horn", pitch=LOW_HIGH)
def _horn(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 170, 480), silence()
    for at in beats(rng, float(rng.uniform(0.6, 1.6)), 0.05):
        length = float(rng.uniform(0.25, 0.6))
        chord = buzz(base, length, 0.6) + buzz(base * 1.26, length, 0.6)
        put(track, chord * swell(length, 0.05), at)
    return track


@sound(
    "train",
    "a train on the tracks",
    "a railway train",
    "clattering wheels of a train",
    speed=SLOW_FAST,
)
def _train(rng: Rng, speed: float) -> Wave:
    track, rate = 0.15 * unit(band(noise(rng, slope=0.6), 40, 2000)), between(speed, 0.8, 2.6)
    clack = knock(rng, 240, 0.02, 0.12)
    for at in beats(rng, rate, 0.01):
        for step in (0, 0.13):
            put(track, clack, at + step / rate)
            put(track, click(rng, 1500, 5000, 0.04), at + step / rate, 0.5)
    return track


@sound("steam train", "a steam locomotive", "chuffing steam engine", speed=SLOW_FAST)
def _steam(rng: Rng, speed: float) -> Wave:
    track, rate = silence(), between(speed, 1.5, 6.0)
    for at in beats(rng, rate, 0.02):
        put(track, hiss(rng, 300, 4500, 0.6 / rate) * fade(0.6 / rate, 0.12 / rate, 0.01), at)
    return track + 0.1 * hiss(rng, 1500, 6000)


@sound("train whistle", "the whistle of a train", "a steam whistle", pitch=LOW_HIGH)
def _train_whistle(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 320, 620), silence()
    for at, length in ((0.2, 0.8), (1.4, 2.2)):
        chord = sum(
            (tone(base * ratio, length, [1, 0.4]) for ratio in (1, 1.2, 1.5)), silence(length)
        )
        put(track, (chord + 0.3 * hiss(rng, 800, 4000, length)) * swell(length, 0.12), at)
    return track


@sound(
    "jet airplane",
    "an airplane flying over",
    "a jet",
    "a plane taking off",
    near=("distant", "close"),
)
def _jet(rng: Rng, near: float) -> Wave:
    roar = unit(band(noise(rng, slope=0.5), 60, between(near, 900, 6000)))
    whine = tone(glide([2600, 2500, 2100, 1900]) * wander(rng, 1, 0.99, 1.01))
    return (roar + 0.25 * near * whine) * swell(SECONDS, 0.5)


@sound("propeller plane", "a small airplane", "an airplane with propellers", pitch=LOW_HIGH)
def _propeller(rng: Rng, pitch: float) -> Wave:
    rate = between(pitch, 60, 130) * wander(rng, 0.7, 0.97, 1.03)
    return _pulses(rng, rate, 150, 1800) * (0.8 + 0.2 * tone(between(pitch, 1, 4)))


@sound("helicopter", "a helicopter hovering", "rotor blades", speed=SLOW_FAST)
def _helicopter(rng: Rng, speed: float) -> Wave:
    rate = between(speed, 7, 18)
    chop = np.clip(tone(rate, SECONDS, [1, 0.6, 0.4]), 0, None) ** 2
    return unit(chop * hiss(rng, 60, 1500)) + 0.3 * buzz(rate * 9, SECONDS, 1.0)


@sound("boat motor", "a motorboat", "an outboard motor", speed=SLOW_FAST)
def _boat(rng: Rng, speed: float) -> Wave:
    rate = between(speed, 14, 50) * wander(rng, 2, 0.95, 1.05)
    return _pulses(rng, rate, 60, 600) + 0.5 * hiss(rng, 400, 4000) * wander(rng, 3, 0.2, 1)


@sound("vacuum cleaner", "vacuuming", "a hoover", pitch=LOW_HIGH)
def _vacuum(rng: Rng, pitch: float) -> Wave:
    base = between(pitch, 180, 420) * wander(rng, 0.6, 0.96, 1.04)
    return 0.6 * unit(buzz(base, SECONDS, 0.9)) + hiss(rng, 300, 6000)


@sound("hair dryer", "a blow dryer", "a fan heater", pitch=LOW_HIGH)
def _dryer(rng: Rng, pitch: float) -> Wave:
    return hiss(rng, between(pitch, 400, 1200), 7000) + 0.2 * tone(between(pitch, 500, 1100))


@sound("electric fan", "a fan whirring", "an air conditioner", speed=SLOW_FAST)
def _fan(rng: Rng, speed: float) -> Wave:
    flutter = 0.8 + 0.2 * tone(between(speed, 5, 28))
    return unit(band(noise(rng, slope=0.5), 80, 2500)) * flutter + 0.2 * buzz(100, SECONDS, 1.2)


@sound("lawnmower", "mowing the lawn", "a lawn mower", pitch=LOW_HIGH)
def _mower(rng: Rng, pitch: float) -> Wave:
    rate = between(pitch, 40, 75) * wander(rng, 2, 0.93, 1.04)
    return _pulses(rng, rate, 200, 4500) + 0.5 * hiss(rng, 1500, 7000)


@sound("chainsaw", "a chain saw cutting", "a motor saw", speed=("idling", "revving"))
def _chainsaw(rng: Rng, speed: float) -> Wave:
    base = between(speed, 70, 130)
    rate = base * glide([0.6, 1.4, 1.3, 0.7, 1.5, 1.4, 0.6])
    return _pulses(rng, rate, 400, 6500)
