"""Finished training runs in git; `load()` gives them as tables."""

from lookalike.results.tables import Results, load

__all__ = ["Results", "load"]
