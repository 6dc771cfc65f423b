"""Made sounds of signals, games, robots and space."""

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
    repeat,
    scatter,
    showers,
    silence,
    square,
    swell,
    tone,
    unit,
    wander,
)

DIALS = {
    key: (row, column)
    for key, row, column in zip(
        "123456789*0#",
        (697, 697, 697, 770, 770, 770, 852, 852, 852, 941, 941, 941),
        (1209, 1336, 1477) * 4,
        strict=True,
    )
}


@sound("dialling", "touch tones", "dialling a phone number", speed=SLOW_FAST)
def _dialling(rng: Rng, speed: float) -> Wave:
    every, track = between(1 - speed, 0.16, 0.5), silence()
    for number in range(int(SECONDS / every)):
        low, high = DIALS[str(rng.choice(list(DIALS)))]
        length = every * 0.6
        put(track, tone(float(low), length) + tone(float(high), length), number * every)
    return track


@sound("modem", "a dial-up modem", "a fax machine", pitch=LOW_HIGH)
def _modem(rng: Rng, pitch: float) -> Wave:
    track, high = silence(), between(pitch, 1300, 2250)
    put(track, tone(high, 0.8), 0.1)
    bits = np.repeat(rng.integers(0, 2, 600), 27)[:16_000].astype(np.float64)
    put(track, tone(1200 + 1000.0 * bits, len(bits) / 16_000), 1.0)
    put(track, hiss(rng, 600, 3200, 1.8) * wander(rng, 30, 0.6, 1, 1.8), 2.05, 0.7)
    return track


@sound("beep", "beeping", "an electronic beep", "a beeper", speed=SLOW_FAST, pitch=LOW_HIGH)
def _beep(rng: Rng, speed: float, pitch: float) -> Wave:
    every = between(1 - speed, 0.18, 1.1)
    return repeat(tone(between(pitch, 350, 3000), every / 2) * swell(every / 2, 0.05), every)


@sound("countdown", "a countdown timer", "beeps before a start", pitch=LOW_HIGH)
def _countdown(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 400, 900), silence()
    for at in (0.1, 1.0, 1.9):
        put(track, square(base, 0.15), at)
    put(track, square(base * 2, 0.9), 2.8)
    return track


@sound("heart monitor", "a hospital monitor", "a machine in intensive care", speed=SLOW_FAST)
def _monitor(rng: Rng, speed: float) -> Wave:
    blip = tone(float(rng.uniform(850, 1100)), 0.1, [1, 0.1]) * swell(0.1, 0.1)
    return repeat(blip, 1 / between(speed, 0.7, 2.3)) + 0.01 * noise(rng)


@sound("sonar", "a sonar ping", "a submarine", pitch=LOW_HIGH)
def _sonar(rng: Rng, pitch: float) -> Wave:
    ping = tone(between(pitch, 500, 1500), 1.8) * fade(1.8, 0.3, 0.01)
    deep = 0.05 * unit(band(noise(rng, slope=1.0), 30, 300))
    return repeat(ping, float(rng.uniform(1.5, 2.0)), 0.2) + deep


@sound("morse code", "a telegraph", "dots and dashes", speed=SLOW_FAST)
def _morse(rng: Rng, speed: float) -> Wave:
    unit_s, at, track = between(1 - speed, 0.05, 0.14), 0.1, silence()
    pitch = float(rng.uniform(500, 900))
    while at < SECONDS:
        length = unit_s * int(rng.choice([1, 3]))
        put(track, tone(pitch, length) * swell(length, 0.05), at)
        at += length + unit_s * int(rng.choice([1, 1, 1, 3]))
    return track


@sound("foghorn", "a ship's horn", "a fog horn at sea", pitch=LOW_HIGH)
def _foghorn(rng: Rng, pitch: float) -> Wave:
    blast = buzz(between(pitch, 70, 150), 2.2, 0.9) * swell(2.2, 0.12)
    track = silence()
    put(track, unit(blast), float(rng.uniform(0.2, 1.2)))
    return track + 0.03 * hiss(rng, 200, 2000)


@sound("referee whistle", "a whistle being blown", "a sports whistle", speed=("short", "long"))
def _referee(rng: Rng, speed: float) -> Wave:
    length, track = between(speed, 0.15, 1.5), silence()
    for at in np.arange(0.2, SECONDS - 0.1, length + 0.3):
        pea = 1 + 0.04 * np.sign(tone(float(rng.uniform(30, 45)), length))
        blow = tone(float(rng.uniform(2300, 3100)) * pea, length) + 0.2 * hiss(
            rng, 2000, 6000, length
        )
        put(track, blow * swell(length, 0.05), float(at))
    return track


@sound("laser", "a laser gun", "laser shots", "a ray gun", speed=SLOW_FAST)
def _laser(rng: Rng, speed: float) -> Wave:
    high = float(rng.uniform(2000, 3600))
    zap = square(high * glide([1, 0.4, 0.15, 0.08], 0.28), 0.28) * fade(0.28, 0.12)
    return scatter([zap], beats(rng, between(speed, 1.0, 5.0), 0.08), rng)


@sound("game coin", "collecting a coin in a video game", "a video game bonus", speed=SLOW_FAST)
def _game_coin(rng: Rng, speed: float) -> Wave:
    base, clip = float(rng.uniform(800, 1100)), silence(0.6)
    put(clip, square(base, 0.07), 0.0)
    put(clip, square(base * 1.335, 0.5) * fade(0.5, 0.12), 0.07)
    return repeat(clip, between(1 - speed, 0.5, 1.4))


@sound("jump in a game", "a video game jump", "a cartoon spring", "boing", speed=SLOW_FAST)
def _game_jump(rng: Rng, speed: float) -> Wave:
    base = float(rng.uniform(150, 300))
    hop = square(glide([base, base * 1.6, base * 3.2], 0.3), 0.3) * swell(0.3, 0.1)
    return repeat(hop, between(1 - speed, 0.45, 1.3))


@sound("game over", "losing a game", "a sad falling tune", pitch=LOW_HIGH)
def _game_over(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 300, 700), silence()
    for number, step in enumerate((0, -2, -4, -7, -12)):
        note = square(base * 2 ** (step / 12), 0.5) * fade(0.5, 0.25, 0.01)
        put(track, note, 0.2 + 0.5 * number)
    put(track, 0.01 * noise(rng), 0.0)
    return track


@sound("fanfare", "winning a game", "a happy rising tune", "a victory jingle", pitch=LOW_HIGH)
def _fanfare(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 300, 600), silence()
    for at, step in ((0.1, 0), (0.35, 4), (0.6, 7), (0.85, 12), (1.35, 7), (1.6, 12)):
        length = 1.6 if at == 1.6 else 0.24
        put(track, square(base * 2 ** (step / 12), length) * swell(length, 0.05), at)
    put(track, 0.01 * noise(rng), 0.0)
    return track


@sound("wrong answer", "a buzzer", "an error sound", "a quiz show buzzer", pitch=LOW_HIGH)
def _wrong(rng: Rng, pitch: float) -> Wave:
    clip = unit(buzz(between(pitch, 80, 220), 0.8, 0.4)) * swell(0.8, 0.03)
    return repeat(clip, float(rng.uniform(1.1, 1.9)), 0.3)


@sound("robot", "a robot talking", "robot bleeps", "a science fiction computer", speed=SLOW_FAST)
def _robot(rng: Rng, speed: float) -> Wave:
    length, track = between(1 - speed, 0.05, 0.2), silence()
    for number in range(int(SECONDS / length)):
        points = [float(p) for p in rng.uniform(300, 2800, 2)]
        if rng.uniform() < 0.75:
            put(
                track,
                tone(glide(points, length), length, [1, 0.4]) * swell(length, 0.1),
                number * length,
            )
    return track


@sound("spaceship", "a flying saucer", "a ufo", "a theremin", pitch=LOW_HIGH)
def _spaceship(rng: Rng, pitch: float) -> Wave:
    sway = tone(float(rng.uniform(3, 9)))
    return tone(between(pitch, 300, 1300) * (1 + 0.15 * sway), SECONDS, [1, 0.3]) * wander(
        rng, 1, 0.4, 1
    )


@sound("power up", "something charging up", "a machine starting", "a rising sweep", speed=SLOW_FAST)
def _power_up(rng: Rng, speed: float) -> Wave:
    length, track = between(1 - speed, 0.8, 3.6), silence()
    low = float(rng.uniform(60, 150))
    put(track, buzz(glide([low, low * 3, low * 12], length), length, 1.0), 0.1)
    return track


@sound(
    "radio static", "white noise", "static on the radio", "an untuned television", pitch=LOW_HIGH
)
def _static(rng: Rng, pitch: float) -> Wave:
    crackle = scatter([click(rng, 500, 7000, 0.01)], showers(rng, 60), rng)
    return hiss(rng, between(pitch, 80, 900), 7900) + 0.5 * crackle


@sound("drum beat", "a simple drum pattern", "a rhythm on drums", speed=SLOW_FAST)
def _drum_beat(rng: Rng, speed: float) -> Wave:
    kick, snare = knock(rng, 60, 0.08), click(rng, 300, 6000, 0.2)
    hat, track = click(rng, 5000, 7900, 0.06), silence()
    for number, at in enumerate(np.arange(0.05, SECONDS, 1 / between(speed, 3, 9))):
        put(track, hat, float(at), 0.4)
        if number % 4 in (0, 2):
            put(track, kick if number % 4 == 0 else snare, float(at))
    return track


@sound("test tone", "a steady tone", "a pure tone", "a sine wave", pitch=LOW_HIGH)
def _test_tone(rng: Rng, pitch: float) -> Wave:
    return tone(between(pitch, 120, 4000)) + 0.002 * noise(rng)
