"""Answers of language models: what they are asked with, who agreed to send it, what came back."""
