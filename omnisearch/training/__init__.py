"""The laboratory that makes omni-mini: data, towers, specialists, fusion, drift, recovery.

Only the `train` command and tests import it; it needs the extra `train`.
"""
