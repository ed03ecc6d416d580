"""Stage primer: what the report's primer explains, worked out -> primer/."""

from pathlib import Path

from lookalike.artifacts.comparisons import save_figures
from lookalike.artifacts.folders import write_json
from lookalike.command import run
from lookalike.drawn.garments import draw_garments
from lookalike.drawn.objects import draw_objects
from lookalike.primer.page import primer_numbers
from lookalike.reporting.figures.primer import activation_functions_figure, channels_figure, poolings_figure
from lookalike.reporting.figures.rendering import to_webp

OUT = Path("primer")
SEED = 3  # of the images


def main() -> None:
    """Compute the primer's numbers, and draw its pictures from images that the project draws itself."""
    colour, grey = draw_objects(1, seed=SEED)[0][0], draw_garments(1, seed=SEED)[0][0]
    figures = {
        "channels": channels_figure(colour),
        "poolings": poolings_figure(grey),
        "activations": activation_functions_figure(),
    }
    save_figures(OUT, {name: to_webp(figure) for name, figure in figures.items()})
    write_json(OUT / "found.json", primer_numbers())


if __name__ == "__main__":
    run(main)
