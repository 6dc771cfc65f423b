"""The version of the extraction: with another, every file is cut anew."""

VERSION = 1
