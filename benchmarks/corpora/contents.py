"""What is in the files of a mixed folder: quickly made, of the sizes that people have."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

_PICTURES = (".jpg", ".jpg", ".jpg", ".png", ".webp", ".gif", ".bmp")
_KINDS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".gif": "GIF", ".bmp": "BMP"}
_SIDES = (240, 640, 1280, 2048)
_RATE = 16_000


def dressed(end: str, paragraphs: list[bytes]) -> bytes:
    """Give paragraphs the form that the end of a name asks for."""
    if end == ".md":
        return b"\n\n".join(b"## Part %d\n\n%b" % one for one in enumerate(paragraphs))
    if end == ".html":
        inside = b"".join(b"<h2>Part %d</h2><p>%b</p>\n" % one for one in enumerate(paragraphs))
        return b"<!doctype html><html><body>\n" + inside + b"</body></html>\n"
    if end == ".csv":
        return b"number,words\n" + b"".join(b"%d,%b\n" % one for one in enumerate(paragraphs))
    if end == ".py":
        return b"\n\n".join(b'def part_%d():\n    """%b"""' % one for one in enumerate(paragraphs))
    return b"\n\n".join(paragraphs)


def noise(rng: np.random.Generator, length: int) -> bytes:
    """Give bytes that mean nothing."""
    return rng.bytes(length)


def picture(rng: np.random.Generator) -> tuple[str, bytes]:
    """Draw shapes over soft noise, as large as photographs for the web."""
    side = int(rng.choice(np.array(_SIDES), p=[0.3, 0.35, 0.25, 0.1]))
    width, height = side, round(side * float(rng.uniform(0.6, 1.0)))
    image = _drawn(rng, width, height)
    end = str(rng.choice(np.array(_PICTURES if side < 640 else _PICTURES[:5])))
    if end == ".gif":
        image = image.convert("P")  # to a fixed palette, which is quick
    out = io.BytesIO()
    image.save(out, _KINDS[end], quality=85, compress_level=1, method=0)
    return end, out.getvalue()


def _drawn(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 8))):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        size = int(rng.integers(width // 12 + 1, width // 3 + 2))
        colour = tuple(int(one) for one in rng.integers(0, 256, 3))
        shape = draw.ellipse if rng.uniform() < 0.5 else draw.rectangle
        shape((x, y, x + size, y + size), fill=colour)
    return image


def sound(rng: np.random.Generator) -> tuple[str, bytes]:
    """Play a few tones for some seconds; WAV, or FLAC, Opus or MP3."""
    seconds = float(rng.uniform(1.5, 20))
    wave = _tones(rng, seconds)
    end = str(rng.choice(np.array([".wav", ".flac", ".ogg", ".mp3"])))
    if end == ".wav":
        return end, _wav(wave)
    codec, kind = {".flac": ("flac", "flac"), ".ogg": ("libopus", "ogg")}.get(
        end, ("libmp3lame", "mp3")
    )
    out = io.BytesIO()
    with av.open(out, "w", format=kind, container_options={"fflags": "+bitexact"}) as file:
        stream = file.add_stream(codec, rate=_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        _encode(file, stream, wave)
    return end, out.getvalue()


def _tones(rng: np.random.Generator, seconds: float) -> npt.NDArray[np.float32]:
    time = np.arange(round(seconds * _RATE)) / _RATE
    pitches = rng.uniform(100, 2000, int(np.ceil(seconds)))
    steps = np.repeat(pitches, _RATE)[: len(time)]
    wave = 0.3 * np.sin(2 * np.pi * np.cumsum(steps) / _RATE)
    return (wave + 0.02 * rng.standard_normal(len(time))).astype(np.float32)


def _wav(wave: npt.NDArray[np.float32]) -> bytes:
    data = (wave * 32_000).astype("<i2").tobytes()
    head = struct.pack("<IHHIIHH", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    body = b"WAVEfmt " + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _encode(
    file: av.container.OutputContainer, stream: av.AudioStream, wave: npt.NDArray[np.float32]
) -> None:
    context = stream.codec_context
    context.open(strict=False)
    fitted = av.AudioResampler(context.format, "mono", context.rate, context.frame_size or 1024)
    frame = av.AudioFrame.from_ndarray(wave[None], "fltp", "mono")
    frame.sample_rate = _RATE
    for part in [*fitted.resample(frame), *fitted.resample(None)]:
        file.mux(stream.encode(part))
    file.mux(stream.encode(None))


def film(rng: np.random.Generator) -> tuple[str, bytes]:
    """Pan over a drawing for some seconds, with tones; MPEG-4."""
    seconds, rate, (width, height) = int(rng.integers(2, 9)), 12, (320, 240)
    wide = np.asarray(_drawn(rng, width * 2, height))
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", container_options={"fflags": "+bitexact"}) as file:
        seen = file.add_stream("mpeg4", rate=rate)
        heard = file.add_stream("aac", rate=_RATE, layout="mono")
        assert isinstance(seen, av.VideoStream) and isinstance(heard, av.AudioStream)
        seen.width, seen.height, seen.pix_fmt = width, height, "yuv420p"
        for number in range(seconds * rate):
            left = number * width // (seconds * rate)
            shown = np.ascontiguousarray(wide[:, left : left + width])
            frame = av.VideoFrame.from_ndarray(shown, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            file.mux(seen.encode(frame))
        file.mux(seen.encode(None))
        _encode(file, heard, _tones(rng, seconds))
    return ".mp4", out.getvalue()


def paper(pages: list[list[str]]) -> bytes:
    """Write a PDF of so many pages of lines."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, lines in enumerate(pages):
        written = "\n".join(f"({line[:90]}) Tj 0 -16 Td" for line in lines)
        program = f"BT /F 11 Tf 40 780 Td\n{written}\nET".encode()
        fonts = "/Resources << /Font << /F 3 0 R >> >> /MediaBox [0 0 595 842]"
        where = f"/Contents {5 + 2 * number} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {fonts} {where} >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(program), program))
    return _joined(objects)


def _joined(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
