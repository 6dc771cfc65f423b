"""How good are answers? Measures of retrieval with what chance alone would give, numpy only."""
