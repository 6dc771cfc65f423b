"""Bytes, files and objects to bounded media in memory; nothing here knows of encoders."""
