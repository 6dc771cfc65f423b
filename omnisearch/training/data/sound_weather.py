"""Made sounds of weather, water, fire and earth."""

from __future__ import annotations

from omnisearch.training.data.sound_kinds import SLOW_FAST, Rng, sound
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
    put,
    scatter,
    showers,
    silence,
    swell,
    tone,
    unit,
    wander,
)


@sound("rain", "rainfall", "raindrops pattering on a roof", strength=("light", "heavy"))
def _rain(rng: Rng, strength: float) -> Wave:
    drops = [click(rng, 1500, 7000, 0.02) for _ in range(12)]
    track = scatter(drops, showers(rng, between(strength, 12, 220)), rng)
    return unit(track) + between(strength, 0.1, 1.2) * hiss(rng, 800, 6500)


@sound("thunder", "a thunderstorm", "a thunderclap", "rumbling thunder", near=("rolling", "sharp"))
def _thunder(rng: Rng, near: float) -> Wave:
    rumble = unit(band(noise(rng, slope=1.0), 25, between(near, 120, 400)))
    wave = rumble * wander(rng, 3, 0.2, 1.0) * fade(SECONDS, between(1 - near, 0.5, 2.0), 0.1)
    put(wave, click(rng, 200, 5000, 0.4), 0.05, 3 * near)
    return wave


@sound("wind", "wind blowing", "a gust of wind", "howling wind", strength=("gentle", "strong"))
def _wind(rng: Rng, strength: float) -> Wave:
    track = silence()
    for centre in rng.uniform(200, between(strength, 500, 1400), 3):
        gusts = wander(rng, between(strength, 0.7, 2.5), 0.05, 1.0)
        track += hiss(rng, centre * 0.8, centre * 1.25) * gusts
    return track + 0.3 * unit(band(noise(rng, slope=0.7), 60, 900))


@sound(
    "sea waves",
    "waves on a beach",
    "the ocean",
    "surf breaking on the shore",
    size=("small", "big"),
)
def _waves(rng: Rng, size: float) -> Wave:
    track = 0.08 * hiss(rng, 300, 3000)
    for at in beats(rng, between(1 - size, 0.35, 0.8), 0.15):
        length = between(size, 1.2, 2.6)
        surf = band(noise(rng, length, 0.4), 150, between(size, 5000, 2500))
        put(track, unit(surf) * swell(length, 0.45), at)
    return track


@sound(
    "stream", "a babbling brook", "a small river", "flowing water", flow=("trickling", "rushing")
)
def _stream(rng: Rng, flow: float) -> Wave:
    track = between(flow, 0.05, 0.7) * hiss(rng, 500, 4500)
    for at in showers(rng, between(flow, 20, 60)):
        length = float(rng.uniform(0.02, 0.07))
        pitch = float(rng.uniform(500, 1800))
        bubble = tone(glide([pitch, pitch * 1.4], length), length) * swell(length, 0.4)
        put(track, bubble, at, float(rng.uniform(0.2, 0.8)))
    return track


@sound("waterfall", "a roaring waterfall", "falling water", "rapids", size=("small", "huge"))
def _waterfall(rng: Rng, size: float) -> Wave:
    roar = unit(band(noise(rng, slope=0.5 * size), between(1 - size, 60, 600), 7000))
    return roar * wander(rng, 4, 0.85, 1.0)


@sound("dripping water", "a dripping tap", "water drops", "a leaking faucet", speed=SLOW_FAST)
def _dripping(rng: Rng, speed: float) -> Wave:
    pitch = float(rng.uniform(900, 1800))
    drop = tone(glide([pitch, pitch * 1.25], 0.12), 0.12) * fade(0.12, 0.018)
    return scatter([drop], beats(rng, between(speed, 0.9, 5.0), 0.08), rng)


@sound("bubbles", "bubbling water", "something bubbling", "boiling water", speed=SLOW_FAST)
def _bubbles(rng: Rng, speed: float) -> Wave:
    clips = []
    for pitch in rng.uniform(150, 700, 10):
        clips.append(tone(glide([pitch, pitch * 2.2], 0.09), 0.09) * swell(0.09, 0.3))
    return scatter(clips, showers(rng, between(speed, 5, 40)), rng)


@sound("pouring water", "water poured into a glass", "filling a glass", speed=SLOW_FAST)
def _pouring(rng: Rng, speed: float) -> Wave:
    length = between(1 - speed, 1.3, 3.8)
    body = hiss(rng, 400, 5000, length) * 0.3
    rise = glide([350, 600, 1300], length) * (1 + 0.04 * wander(rng, 30, -1, 1, length))
    return (body + tone(rise, length) * wander(rng, 25, 0.2, 1, length)) * swell(length, 0.06)


@sound("fire", "a crackling fire", "a campfire", "flames burning", size=("small", "roaring"))
def _fire(rng: Rng, size: float) -> Wave:
    cracks = [click(rng, 900, 7500, float(rng.uniform(0.004, 0.03))) for _ in range(12)]
    track = scatter(cracks, showers(rng, between(size, 6, 30)), rng)
    roar = unit(band(noise(rng, slope=0.8), 40, 700)) * wander(rng, 5, 0.4, 1)
    return unit(track) + between(size, 0.1, 1.0) * roar


@sound("hail", "hailstones hitting a roof", "a hailstorm", strength=("light", "heavy"))
def _hail(rng: Rng, strength: float) -> Wave:
    stones = [knock(rng, float(p), 0.006, 0.06) for p in rng.uniform(700, 2600, 10)]
    return scatter(stones, showers(rng, between(strength, 8, 90)), rng)


@sound("earthquake", "a deep rumble", "the ground rumbling", strength=("weak", "violent"))
def _earthquake(rng: Rng, strength: float) -> Wave:
    rumble = unit(band(noise(rng, slope=1.0), 20, between(strength, 60, 160)))
    rattle = [knock(rng, float(p), 0.01, 0.1) for p in rng.uniform(200, 900, 6)]
    track = rumble * wander(rng, 6, 0.3, 1)
    return track + between(strength, 0.05, 0.5) * scatter(rattle, showers(rng, 15), rng)
