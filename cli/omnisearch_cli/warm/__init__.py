"""A process that keeps the encoder in memory and answers questions of this user's terminals.

What a client imports from here imports nothing third-party. A client that gets no answer gives it
itself, so nothing here is ever in the way: neither a helper that hangs nor one that was killed.
"""
