"""Pictures of phones: HEIC and what else lies in boxes of HEIF (ISO/IEC 23008-12).

The boxes are read here, within bounds, and FFmpeg decodes what lies in them: libheif decodes HEVC
in a thread of its own, which no process that decodes may start.
"""
