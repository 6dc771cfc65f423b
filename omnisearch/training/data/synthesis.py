"""Building blocks of made sounds: mono waves as float arrays, four seconds unless said."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float64]
RATE = 16_000
SECONDS = 4
LENGTH = RATE * SECONDS


def silence(seconds: float = SECONDS) -> Wave:
    """Give no sound."""
    return np.zeros(round(seconds * RATE))


def between(share: float, low: float, high: float) -> float:
    """Give the value at `share` of the way from low to high, in equal ratios."""
    return float(low * (high / low) ** share)


def noise(rng: np.random.Generator, seconds: float = SECONDS, slope: float = 0.0) -> Wave:
    """Make noise of unit variance with a spectrum of 1 / f^slope: white 0, pink 0.5, brown 1."""
    white = rng.standard_normal(round(seconds * RATE))
    if slope == 0.0:
        return white
    spectrum = np.fft.rfft(white)
    spectrum /= np.maximum(np.arange(len(spectrum)), 20.0 * seconds) ** slope
    return unit(np.fft.irfft(spectrum, len(white)))


def unit(wave: Wave) -> Wave:
    """Bring the wave to unit variance."""
    return wave / max(float(wave.std()), 1e-9)


def band(wave: Wave, low: float, high: float) -> Wave:
    """Keep what lies between two frequencies, with slopes of 24 dB an octave."""
    spectrum = np.fft.rfft(wave)
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE) + 1e-6
    gain = 1 / np.sqrt((1 + (low / frequency) ** 8) * (1 + (frequency / high) ** 8))
    return np.fft.irfft(spectrum * gain, len(wave))


def hiss(rng: np.random.Generator, low: float, high: float, seconds: float = SECONDS) -> Wave:
    """Make noise between two frequencies, of unit variance."""
    return unit(band(noise(rng, seconds), low, high))


def tone(
    frequency: float | Wave, seconds: float = SECONDS, weights: Sequence[float] = (1,)
) -> Wave:
    """Make a tone with overtones, its frequency constant or an array of one value a sample."""
    steps = np.broadcast_to(np.asarray(frequency, float), round(seconds * RATE))
    phase = 2 * np.pi * np.cumsum(steps) / RATE
    wave = np.zeros(len(phase))
    for order, weight in enumerate(weights, start=1):
        wave += weight * np.sin(order * phase) * (steps * order < RATE / 2)
    return wave


def buzz(frequency: float | Wave, seconds: float = SECONDS, slope: float = 1.0) -> Wave:
    """Make a tone with all its overtones, falling as 1 / order^slope."""
    highest = max(1, int(RATE / 2 / float(np.min(frequency))))
    return tone(frequency, seconds, [order**-slope for order in range(1, min(highest, 24) + 1)])


def square(frequency: float | Wave, seconds: float = SECONDS) -> Wave:
    """Make the hollow tone of old games."""
    return tone(frequency, seconds, [1 / order if order % 2 else 0 for order in range(1, 14)])


def glide(points: Sequence[float], seconds: float = SECONDS) -> Wave:
    """Draw a curve through points at equal times, for frequencies and loudness."""
    count = round(seconds * RATE)
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(points)), points)


def wander(
    rng: np.random.Generator, hertz: float, low: float, high: float, seconds: float = SECONDS
) -> Wave:
    """Draw a smooth random curve that turns about `hertz` times a second."""
    points = rng.uniform(low, high, max(3, round(hertz * seconds) + 2))
    return glide([float(point) for point in points], seconds)


def fade(seconds: float, half_life: float, attack: float = 0.002) -> Wave:
    """Draw a quick rise, then a fall by half every `half_life` seconds."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(np.minimum(time / attack, 1) * 0.5 ** (time / half_life))


def swell(seconds: float, rise: float = 0.2) -> Wave:
    """Go up and down again, `rise` being the share of the time spent rising and falling."""
    time = np.linspace(0, 1, round(seconds * RATE))
    return np.asarray(np.clip(np.minimum(time, 1 - time) / rise, 0, 1))


def strike(
    pitch: float, ratios: Sequence[float], half_life: float, seconds: float = SECONDS
) -> Wave:
    """Strike a body: inharmonic partials, the higher ones shorter."""
    wave = np.zeros(round(seconds * RATE))
    for ratio in ratios:
        if pitch * ratio < RATE / 2:
            wave += tone(pitch * ratio, seconds) * fade(seconds, half_life / ratio) / ratio**0.7
    return wave


def knock(rng: np.random.Generator, pitch: float, half_life: float, seconds: float = 0.3) -> Wave:
    """Make a short thump with a pitch and some noise, of unit peak."""
    body = tone(pitch, seconds) + 0.5 * unit(band(noise(rng, seconds), pitch / 2, pitch * 3))
    return peak(body * fade(seconds, half_life))


def click(rng: np.random.Generator, low: float, high: float, seconds: float = 0.05) -> Wave:
    """Make a burst of noise that dies at once, of unit peak."""
    return peak(hiss(rng, low, high, seconds) * fade(seconds, seconds / 6, 0.0005))


def peak(wave: Wave, level: float = 1.0) -> Wave:
    """Scale the wave to have its largest sample at `level`."""
    return wave * (level / max(float(np.abs(wave).max()), 1e-9))


def put(track: Wave, clip: Wave, at: float, gain: float = 1.0) -> None:
    """Add a clip to a track at a time in seconds, cut where the track ends."""
    start = max(0, round(at * RATE))
    part = clip[: max(0, len(track) - start)]
    track[start : start + len(part)] += gain * part


def repeat(clip: Wave, every: float, start: float = 0.1) -> Wave:
    """Give a track in which a clip comes again and again."""
    track = silence()
    for at in np.arange(start, SECONDS, every):
        put(track, clip, float(at))
    return track


def beats(rng: np.random.Generator, rate: float, jitter: float = 0.1) -> list[float]:
    """Give the times of a pulse of `rate` a second, each off by a share of the period."""
    period = 1 / rate
    times = np.arange(rng.uniform(0, period), SECONDS, period)
    return [float(at) for at in times + rng.normal(0, jitter * period, len(times)) if at >= 0]


def showers(rng: np.random.Generator, rate: float) -> list[float]:
    """Give the times of events that know nothing of each other, `rate` a second on average."""
    return [float(at) for at in rng.uniform(0, SECONDS, max(1, rng.poisson(rate * SECONDS)))]


def scatter(clips: Sequence[Wave], times: Iterable[float], rng: np.random.Generator) -> Wave:
    """Lay clips drawn at random at the times with changing loudness."""
    track = silence()
    for at in times:
        put(track, clips[int(rng.integers(len(clips)))], at, float(rng.uniform(0.5, 1.0)))
    return track


def room(rng: np.random.Generator, wave: Wave, seconds: float, wet: float = 0.5) -> Wave:
    """Put the wave in a room whose echo falls by 60 dB in `seconds`."""
    count = round(seconds * RATE)
    echo = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    size = 1 << (len(wave) + count - 1).bit_length()
    spectrum = np.fft.rfft(wave, size) * np.fft.rfft(echo, size)
    tail = np.fft.irfft(spectrum, size)[: len(wave)]
    return (1 - wet) * unit(wave) + wet * unit(tail)


def resample(wave: Wave, rate: int) -> Wave:
    """Bring a wave to 16 kHz through its spectrum."""
    if len(wave) == 0 or rate == RATE:
        return wave
    padded = -len(wave) % rate  # whole seconds, so that both lengths are whole numbers
    spectrum = np.fft.rfft(np.pad(wave, (0, padded)))
    count = (len(wave) + padded) // rate * RATE
    kept = np.zeros(count // 2 + 1, complex)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return np.fft.irfft(kept, count)[: round(len(wave) * RATE / rate)] * (RATE / rate)


def pcm(wave: Wave, level: float = 0.8) -> bytes:
    """Give four seconds of 16-bit samples with the peak at `level`."""
    whole = silence()
    put(whole, wave, 0.0)
    edge = RATE // 200
    whole[:edge] *= np.linspace(0, 1, edge)
    whole[-edge:] *= np.linspace(1, 0, edge)
    return (peak(whole, level) * 32767).astype("<i2").tobytes()
