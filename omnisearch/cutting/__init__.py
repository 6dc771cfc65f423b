"""Moments of answers as files and pictures: cut where files are decoded, written here."""
