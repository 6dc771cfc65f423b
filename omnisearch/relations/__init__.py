"""How what is stored is related: links between near segments, paths along them, topics."""
