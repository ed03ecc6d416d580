"""Stage costs: models/<study>/ -> costs/ and runs/costs/, what its networks and the ideas in them cost."""

from pathlib import Path

from lookalike.artifacts.costs import load_descriptions, save_costs
from lookalike.command import run
from lookalike.costs.page import all_costs
from lookalike.params import load_params
from lookalike.runtime import start


def main() -> None:
    """Count what can be counted, and measure the rest on this device."""
    study = load_params().costs.study
    counted, measured = all_costs(load_descriptions(Path("models") / study), start())
    save_costs(Path(), {"study": study, **counted}, measured)


if __name__ == "__main__":
    run(main)
