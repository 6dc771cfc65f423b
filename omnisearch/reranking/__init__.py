"""Reranking: the best hits of a question judged once more, by a model that is too slow for all."""
