"""Short films: drawings that move over a sky and a ground, with sounds and spoken words."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from examples.making import sound
from examples.making.art import drawing
from examples.making.listing import OURS, Entry
from omnisearch.training.data import packages, pictures, voices
from omnisearch.training.data.sound_kinds import KINDS, take
from omnisearch.training.data.synthesis import RATE, Wave, peak, put, silence
from omnisearch.training.lab import Lab

_SIZE, _RATE, _SEED = (320, 240), 12, 7
_VOICE = ("en-gb-x-rp+f3", 150, 50, 55)
_CODECS = {".webm": ("webm", "libvpx-vp9", "libopus"), ".mp4": ("mp4", "mpeg4", "aac")}
_OPTIONS = {
    "libvpx-vp9": {"deadline": "good", "cpu-used": "4", "crf": "34", "b": "0", "threads": "1"},
    "mpeg4": {"qscale": "5", "threads": "1"},
}
Shot = Mapping[str, Any]


def shoot(lab: Lab, folder: Path) -> Iterator[Entry]:
    """Write the films, and subtitles beside the one in which somebody speaks."""
    films = json.loads((Path(__file__).parent / "films.json").read_text("utf-8"))
    for name, film in films.items():
        shots = film["shots"]
        waves = [_heard(shot) for shot in shots]
        frames = [frame for shot in shots for frame in _drawn(lab, shot)]
        _write(folder / name, frames, waves)
        yield Entry(f"films/{name}", film["shows"], *_from(shots), "")
        if any("says" in shot for shot in shots):
            subtitles = Path(name).with_suffix(".srt").name
            (folder / subtitles).write_text(_subtitles(shots), "utf-8")
            yield Entry(f"films/{subtitles}", f"subtitles of {name}", OURS, "written here", "")


def _from(shots: list[Shot]) -> tuple[str, str]:
    sources = {source.name: source for source in pictures.sources()}
    stems = {actor["row"].partition("/")[0] for shot in shots for actor in shot["actors"]}
    found = [packages.find(*sources[stem].package) for stem in sorted(stems)]
    licences = sorted({OURS, *(one.licence for one in found)})
    by = ", ".join(one.attribution for one in found)
    return " and ".join(licences), f"moved here; drawings: {by}"


def _drawn(lab: Lab, shot: Shot) -> Iterator[Image.Image]:
    ground = _ground(shot)
    actors = [(_cut_out(drawing(lab, one["row"])), one) for one in shot["actors"]]
    count = round(shot["seconds"] * _RATE)
    for number in range(count):
        frame, at = ground.copy(), number / max(1, count - 1)
        for image, actor in actors:
            _place(frame, image, actor, at)
        yield frame


def _ground(shot: Shot) -> Image.Image:
    width, height = _SIZE
    above, below = (np.array(Image.new("RGB", (1, 1), colour))[0, 0] for colour in shot["sky"])
    share = np.linspace(0, 1, height)[:, None, None]
    sky = np.broadcast_to(above * (1 - share) + below * share, (height, width, 3))
    frame = Image.fromarray(sky.astype(np.uint8))
    draw = ImageDraw.Draw(frame)
    if shot["ground"]:
        draw.rectangle((0, round(height * 0.72), width, height), fill=shot["ground"])
    if "title" in shot:
        draw.text((16, 12), shot["title"], fill="#203040", font=ImageFont.load_default(20))
    return frame


def _place(frame: Image.Image, image: Image.Image, actor: Mapping[str, Any], at: float) -> None:
    x, y, size = (a + (b - a) * at for a, b in zip(actor["from"], actor["to"], strict=True))
    if "bounces" in actor:
        y -= 0.45 * abs(np.sin(np.pi * at * actor["bounces"]))
    side = max(1, round(size * _SIZE[0]))
    small = image.resize((side, side), Image.Resampling.BILINEAR)
    place = (round(x * _SIZE[0] - side / 2), round(y * _SIZE[1] - side / 2))
    frame.paste(small, place, small)


def _cut_out(row: Mapping[str, Any]) -> Image.Image:
    """Make the white around a drawing transparent."""
    with Image.open(io.BytesIO(row["image"])) as opened:
        image = opened.convert("RGB")
    around = image.copy()
    for corner in ((0, 0), (image.width - 1, 0), (0, image.height - 1)):
        ImageDraw.floodfill(around, corner, (255, 0, 255), thresh=24)
    mask = np.any(np.asarray(around) != (255, 0, 255), axis=2)
    image.putalpha(Image.fromarray((mask * 255).astype(np.uint8)))
    return image


def _heard(shot: Shot) -> Wave:
    track = silence(shot["seconds"])
    if "says" in shot:
        put(track, peak(voices.speaker().say(shot["says"], *_VOICE)), 0.2)
    elif shot["sound"]:
        wave = take(KINDS[shot["sound"]], np.random.default_rng(_SEED)).wave
        for at in np.arange(0, shot["seconds"], len(wave) / RATE):
            put(track, peak(wave), float(at))
    return track


def _subtitles(shots: list[Shot]) -> str:
    begun, cues = 0, []
    for number, shot in enumerate(shots, start=1):
        ended = begun + shot["seconds"]
        times = f"00:00:{begun:02d},000 --> 00:00:{ended:02d},000"
        cues.append(f"{number}\n{times}\n{shot['says']}\n")
        begun = ended
    return "\n".join(cues)


def _write(path: Path, frames: list[Image.Image], waves: list[Wave]) -> None:
    kind, seen, heard = _CODECS[path.suffix]
    whole = np.concatenate(waves)
    with av.open(str(path), "w", format=kind, container_options=sound.EXACT) as file:
        stream = file.add_stream(seen, rate=_RATE, options=_OPTIONS[seen])
        assert isinstance(stream, av.VideoStream)
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.codec_context.thread_count = 1
        stream.width, stream.height, stream.pix_fmt = *_SIZE, "yuv420p"
        track = file.add_stream(heard, rate=RATE, layout="mono") if whole.any() else None
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if isinstance(track, av.AudioStream):
            sound.encode(file, track, whole)
