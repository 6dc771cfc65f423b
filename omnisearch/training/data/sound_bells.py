"""Made sounds of sirens, alarms, bells and telephones."""

from __future__ import annotations

import numpy as np

from omnisearch.training.data.sound_kinds import LOW_HIGH, SLOW_FAST, Rng, sound
from omnisearch.training.data.synthesis import (
    SECONDS,
    Wave,
    beats,
    between,
    buzz,
    glide,
    hiss,
    noise,
    put,
    repeat,
    scatter,
    showers,
    silence,
    square,
    strike,
    swell,
    tone,
    unit,
)

BELL = (0.5, 1, 1.19, 1.5, 2, 2.74, 3.76)


@sound("siren", "a wailing siren", "a fire engine", "an air raid siren", speed=SLOW_FAST)
def _siren(rng: Rng, speed: float) -> Wave:
    sway = 0.5 + 0.5 * tone(between(speed, 0.22, 0.9))
    return unit(buzz(450 + float(rng.uniform(500, 900)) * sway, SECONDS, 0.9))


@sound("police siren", "a police car", "a yelping siren", speed=SLOW_FAST)
def _police(rng: Rng, speed: float) -> Wave:
    rise = (np.arange(SECONDS * 16_000) / 16_000 * between(speed, 2.5, 6)) % 1
    return unit(buzz(600 + float(rng.uniform(600, 1000)) * rise, SECONDS, 0.7))


@sound("ambulance", "an ambulance siren", "a two-tone siren", pitch=LOW_HIGH)
def _ambulance(rng: Rng, pitch: float) -> Wave:
    low, rate = between(pitch, 380, 620), float(rng.uniform(0.8, 1.4))
    steps = np.where(np.sign(tone(rate / 2)) > 0, low, low * 1.33)
    return unit(buzz(steps, SECONDS, 0.8))


@sound("fire alarm", "a fire bell", "an alarm bell ringing", pitch=LOW_HIGH)
def _fire_alarm(rng: Rng, pitch: float) -> Wave:
    ring = strike(between(pitch, 900, 2200), [1, 1.6, 2.4, 3.1], 0.15, 0.4)
    return scatter([ring], beats(rng, float(rng.uniform(14, 22)), 0.01), rng)


@sound("smoke detector", "a smoke alarm", "a loud piercing beep", speed=SLOW_FAST)
def _smoke(rng: Rng, speed: float) -> Wave:
    length = between(1 - speed, 0.12, 0.5)
    return repeat(square(float(rng.uniform(2800, 3300)), length), 2 * length)


@sound("alarm clock", "an alarm going off", "a digital alarm", speed=SLOW_FAST)
def _alarm_clock(rng: Rng, speed: float) -> Wave:
    beep, burst = square(float(rng.uniform(900, 2200)), 0.07), silence(0.6)
    for number in range(4):
        put(burst, beep, number * 0.13)
    return repeat(burst, between(1 - speed, 0.62, 1.3))


@sound("car alarm", "the alarm of a car", "a vehicle alarm", pitch=LOW_HIGH)
def _car_alarm(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 500, 900), silence()
    whoop = buzz(glide([base, base * 2.4], 0.3), 0.3, 0.7)
    for number in range(13):
        clip = whoop if (number // 4) % 2 == 0 else buzz(base * (1.5 + number % 2), 0.3, 0.7)
        put(track, clip, number * 0.31)
    return track


@sound("church bell", "a bell tolling", "a big bell", speed=SLOW_FAST, pitch=LOW_HIGH)
def _church_bell(rng: Rng, speed: float, pitch: float) -> Wave:
    toll = strike(between(pitch, 160, 520), BELL, 1.4)
    return repeat(toll, between(1 - speed, 0.7, 2.2), float(rng.uniform(0, 0.4)))


@sound("hand bell", "a small bell ringing", "jingle bells", "a tinkling bell", speed=SLOW_FAST)
def _hand_bell(rng: Rng, speed: float) -> Wave:
    bell = strike(float(rng.uniform(1300, 2600)), [1, 2.0, 3.01, 4.1], 0.3, 1.0)
    return scatter([bell], beats(rng, between(speed, 1.5, 8.0), 0.06), rng)


@sound("bicycle bell", "a bike bell", "a ringing bicycle bell", pitch=LOW_HIGH)
def _bicycle(rng: Rng, pitch: float) -> Wave:
    ring, track = strike(between(pitch, 1700, 3000), [1, 1.5, 2.2], 0.3, 1.0), silence()
    for start in (0.2, 0.9, 2.4):
        for number in range(6):
            put(track, ring, start + number * 0.05, 0.5)
    return track


@sound("doorbell", "ding dong", "someone at the door", "a door chime", pitch=LOW_HIGH)
def _doorbell(rng: Rng, pitch: float) -> Wave:
    base, track = between(pitch, 420, 800), silence()
    put(track, strike(base * 1.26, [1, 2, 3.1], 0.8, 3.5), 0.3)
    put(track, strike(base, [1, 2, 3.1], 0.9, 3.0), float(rng.uniform(0.8, 1.2)))
    return track


@sound("school bell", "an electric bell", "a bell ringing for class", pitch=LOW_HIGH)
def _school_bell(rng: Rng, pitch: float) -> Wave:
    ring = strike(between(pitch, 1100, 2400), [1, 1.34, 2.4], 0.25, 0.8)
    return scatter([ring], beats(rng, float(rng.uniform(9, 13)), 0.02), rng)


@sound("gong", "a gong being struck", "a large gong", pitch=LOW_HIGH)
def _gong(rng: Rng, pitch: float) -> Wave:
    ratios = [float(r) for r in np.cumsum(rng.uniform(0.25, 0.6, 14)) + 0.7]
    wave = strike(between(pitch, 70, 200), ratios, 2.2)
    return unit(wave) + 0.15 * unit(hiss(rng, 400, 3000) * swell(SECONDS, 0.25))


@sound("wind chimes", "chimes in the wind", "tinkling chimes", speed=SLOW_FAST)
def _chimes(rng: Rng, speed: float) -> Wave:
    base = float(rng.uniform(900, 1500))
    tubes = [strike(base * ratio, [1, 2.76], 0.9, 2.5) for ratio in (1, 1.125, 1.25, 1.5, 1.68, 2)]
    return scatter(tubes, showers(rng, between(speed, 1.5, 6)), rng)


@sound("music box", "a tinkling music box", "a toy melody", speed=SLOW_FAST)
def _music_box(rng: Rng, speed: float) -> Wave:
    base, track = float(rng.uniform(700, 1000)), silence()
    for at in beats(rng, between(speed, 2.0, 6.0), 0.01):
        note = base * 2 ** (int(rng.choice([0, 2, 4, 5, 7, 9, 11, 12])) / 12)
        put(track, strike(note, [1, 3.9], 0.4, 1.2), at)
    return track


@sound("telephone ringing", "an old phone ringing", "a landline telephone", pitch=LOW_HIGH)
def _telephone(rng: Rng, pitch: float) -> Wave:
    base, ring = between(pitch, 900, 1700), silence(1.4)
    for number in range(26):
        put(ring, strike(base * (1 + 0.2 * (number % 2)), [1, 2.3], 0.1, 0.3), number * 0.04)
    return repeat(ring, float(rng.uniform(1.8, 2.4)))


@sound(
    "mobile phone", "a ringtone", "a cell phone ringing", "a text message alert", speed=SLOW_FAST
)
def _mobile(rng: Rng, speed: float) -> Wave:
    length, track = between(1 - speed, 0.09, 0.28), silence()
    notes = [int(n) for n in rng.choice([0, 3, 5, 7, 10, 12, 15], 6)]
    for number in range(int(SECONDS / length)):
        if number % 8 < 6:
            pitch = 880 * 2 ** (notes[number % 8] / 12)
            put(track, tone(pitch, length, [1, 0.3, 0.2]) * swell(length, 0.1), number * length)
    return track


@sound(
    "phone vibrating", "a vibrating phone", "a buzzing phone on a table", speed=("short", "long")
)
def _vibrating(rng: Rng, speed: float) -> Wave:
    length = between(speed, 0.25, 1.2)
    clip = unit(buzz(float(rng.uniform(120, 180)), length, 0.6)) * swell(length, 0.05)
    return repeat(clip + 0.2 * noise(rng, length), length * 1.7)


@sound("dial tone", "a telephone dial tone", "a phone off the hook", pitch=LOW_HIGH)
def _dial_tone(rng: Rng, pitch: float) -> Wave:
    base = between(pitch, 340, 440)
    return tone(base) + tone(base * 1.257) + 0.01 * noise(rng)


@sound("busy signal", "the line is busy", "an engaged tone", speed=SLOW_FAST)
def _busy(rng: Rng, speed: float) -> Wave:
    length = between(1 - speed, 0.2, 0.5)
    return repeat(tone(480.0, length) + tone(620.0, length), 2 * length, float(rng.uniform(0, 0.3)))
