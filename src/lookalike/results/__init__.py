"""Finished training runs in git; `load` gives them as tables."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookalike.results.tables import Results


def load(results: Path = Path("results")) -> "Results":
    """Load all runs below a folder of results; damaged ones are skipped, and `lookalike results verify` names them.

    Example:
        >>> from lookalike.results import load
        >>> load().seeds.groupby("variant")["accuracy"].agg(["mean", "std"])  # doctest: +SKIP
    """
    from lookalike.results.tables import load_tables  # pandas takes a second to begin

    return load_tables(results)
