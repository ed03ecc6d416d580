"""The evidence of a bundle's finished variants, as zip files of at most 16 MB.

Each `evidence-<n>.zip` holds, as the pipeline lays them out, `models/<study>/<variant>/` (model.json and history.csv,
and of focus variants small weights), `runs/...`, `evaluations/...` (without features.npy), `explanations/...` and
`embeddings/...` as far as they are there, the bundle's `params.yaml` and `provenance.json`, and `index.json`: the
version of the format, and the SHA-256 of each other file by its path.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from lookalike.artifacts.fingerprint import sha_256
from lookalike.bundle.layout import EVIDENCE, INDEX, LIMIT, PARAMETERS, PROVENANCE, VERSION, write_zip

LEFT_OUT = {"features.npy"}  # what is no evidence: `embed` has read it
WEIGHTS = 4 * 2**20 + 2**14  # bytes of one seed in single precision, with its header
OVERHEAD = 500  # bytes that a file takes in an archive beside its content: twice its name, its digest, and headers
COMMON = (PARAMETERS, PROVENANCE)


def write_archives(
    root: Path, variants: Sequence[tuple[str, str]], focus: Collection[str] = (), limit: int = LIMIT
) -> list[Path]:
    """Write the evidence of `variants` (study and name) below `root` to `root`/evidence-<n>.zip; of the `focus`
    variants also the weights.

    A variant is in one archive, unless it alone is larger than `limit` bytes: then its files are shared out.

    Returns:
        The archives; one that is larger than `limit` holds a single file that is.
    """
    room = limit - sum(archived_size(root / name) for name in COMMON)
    groups = list(pack_groups([files_of(root, *variant, weights=variant[1] in focus) for variant in variants], room))
    return [write_archive(root, group, root / f"evidence-{k}.zip") for k, group in enumerate(groups, 1)]


def files_of(root: Path, study: str, name: str, *, weights: bool) -> list[Path]:
    model, *others = (root / folder / study / name for folder in EVIDENCE)
    below = [path for folder in others for path in sorted(folder.rglob("*"))]
    kept = [path for path in below if path.is_file() and path.name not in LEFT_OUT]
    return [model / "model.json", model / "history.csv", *(weights_of(model) if weights else []), *kept]


def weights_of(model: Path) -> list[Path]:
    """The weights of the seeds of a trained model that are small enough to be kept, see `results.add`."""
    ended = (path for path in sorted(model.glob("seed-*.safetensors")) if "epoch" not in path.name)
    return [path for path in ended if path.stat().st_size <= WEIGHTS]


def pack_groups(variants: Sequence[Sequence[Path]], room: int) -> Iterator[list[Path]]:
    """The files in groups of at most `room` bytes; those of one variant together, if they fit into a group."""
    units: list[Sequence[Path]] = []
    for files in variants:
        units += [files] if archived_size(*files) <= room else [[path] for path in files]
    group: list[Path] = []
    for unit in units:
        if group and archived_size(*group, *unit) > room:
            yield group
            group = []
        group += unit
    if group:
        yield group


def archived_size(*files: Path) -> int:
    """The most bytes that files take in an archive."""
    return sum(path.stat().st_size + OVERHEAD for path in files)


def write_archive(root: Path, files: Sequence[Path], target: Path) -> Path:
    """Write files below `root`, what all archives hold, and the index to `target`."""
    contents = {path.relative_to(root).as_posix(): path.read_bytes() for path in [*files, *(root / n for n in COMMON)]}
    index = {"version": VERSION, "files": {name: sha_256(content) for name, content in contents.items()}}
    write_zip(target, [(INDEX, json.dumps(index, indent=2).encode()), *contents.items()])
    return target
