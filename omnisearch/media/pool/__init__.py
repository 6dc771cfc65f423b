"""Files decoded in processes of their own, which can neither open, write nor connect to anything.

A parent that starts here trusts nothing that comes back: see `channel.py` and `claims.py`.
"""
