"""Vectors under integer positions: flat, scan, IVF-PQ and HNSW behind one planner."""
