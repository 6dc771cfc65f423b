"""Moments of files as files of their own: a time of a sound or film, a box of a picture, a page.

All of it runs in a process that decodes: files are hostile, whoever they come from.
"""
