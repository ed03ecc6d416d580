"""`lookalike bundle`: its help, its arguments, and what it does."""

import argparse
import sys
from pathlib import Path

ABOUT = "pack variants for a machine without DVC"
TEXT = """\
Pack code, settings and data of variants into one zip file, for a machine that has torch, torchvision,
timm and scikit-learn, but neither DVC nor MLflow: Colab, a node of a cluster, a borrowed GPU. There,
unzip it and run `python run.py`, which trains, evaluates, explains and embeds the variants, and goes on
after a kill. It leaves evidence-1.zip and so on, at most 16 MB each, to be brought back. Run this
command from the root of the project; data are fetched if they are not among the downloads.
"""
EXAMPLES = """
examples:
  lookalike bundle fashion-cnn fashion-vit -o fashion.zip
  lookalike bundle --profile paper cnn-plain cnn-bn -o cifar.zip
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the arguments of the command."""
    parser.add_argument("variants", nargs="+", metavar="VARIANT", help="a variant")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="the zip file to write")
    parser.add_argument("--profile", help="the profile whose data and budgets hold; default: the one in params.yaml")


def write_bundle(given: argparse.Namespace, mirror: str | None) -> None:
    """Pack what the arguments ask for; print the file's size, and a warning if the code is not that of a commit."""
    from lookalike.bundle.pack import pack

    clean = pack(given.variants, given.profile, given.output, mirror)
    print(f"{given.output}: {given.output.stat().st_size / 1e6:.1f} MB, {len(given.variants)} variants")
    if not clean:
        print("warning: tracked files differ from the commit, and the evidence will say so", file=sys.stderr)
