"""The command line: `lookalike try PICTURE ...`, or `python -m lookalike try PICTURE ...`."""

import argparse
from pathlib import Path

from lookalike.command import run
from lookalike.errors import InputError

PAGE, PICTURE = Path("try.html"), Path("try.png")
MOST = 20  # pictures: more make a page that nobody reads, and a picture too high to be drawn


def main() -> None:
    """Do what the arguments of this process ask for."""
    run(try_pictures, *parser().parse_args().pictures)


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    lookalike = argparse.ArgumentParser(prog="lookalike", description="How models tell look-alike classes apart.")
    commands = lookalike.add_subparsers(title="commands", metavar="COMMAND", required=True)
    about = "show pictures of your own to the trained models"
    trial = commands.add_parser(
        "try",
        help=about,
        description=f"{about.capitalize()}: prints what each model takes them for, and writes {PAGE} and {PICTURE} "
        "into the current folder, with every step that leads there and maps of what speaks for it. Run it from the "
        "root of the project, after `dvc repro`. The recipes that prepare pictures are those in params.yaml.",
    )
    trial.add_argument(
        "pictures", nargs="+", metavar="PICTURE", help=f"a photograph of one garment; at most {MOST} at once"
    )
    return lookalike


def try_pictures(*paths: str) -> None:
    """Prepare the pictures at `paths`, ask every trained model, and write down what came of it."""
    if len(paths) > MOST:
        raise InputError(f"{len(paths)} pictures; at most {MOST} at once")
    for path in map(Path, paths):
        if path.resolve() in (PAGE.resolve(), PICTURE.resolve()):
            raise InputError(f"{path}: would be overwritten by the outcome; rename it")

    from lookalike.evaluation.trial import find_models, judge, prepare
    from lookalike.params import load_params

    params = load_params()
    models = find_models(params)
    trials = [prepare(Path(path), params.photos.recipes) for path in paths]

    from lookalike.artifacts.folders import write_bytes, write_text  # from here on nothing is refused: the slow ones
    from lookalike.explain.trial import explain
    from lookalike.reporting.style import to_png
    from lookalike.reporting.trial import describe, in_lines, to_figure, to_html

    judged = judge(trials, models)
    explanations = explain(judged, models, params.variants)
    page = describe(judged, models, explanations, params.profile, demonstration=params.active.demonstration)
    html, png = to_html(page), to_png(to_figure(page))
    write_text(PAGE, html)
    write_bytes(PICTURE, png)
    print("\n".join([*in_lines(page), f"See {PAGE} and {PICTURE}."]))


if __name__ == "__main__":
    main()
