"""Names of the files in bundles and in evidence archives, and how both become zip files."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

PARAMETERS, PROVENANCE, BUNDLE, INDEX = "params.yaml", "provenance.json", "bundle.json", "index.json"
DATA, SHEETS = "data", "sheets"
EVIDENCE = ("models", "runs", "evaluations", "explanations", "embeddings")  # folders <study>/<variant> are in each
VERSION = 1  # of evidence archives
LIMIT = 16_000_000  # bytes of an evidence archive
COMPRESSED = {".webp", ".jpg", ".jpeg", ".png", ".npz"}


def write_zip(target: Path, files: Iterable[tuple[str, Path | bytes]]) -> None:
    """Write files or their contents to a zip file under the given names; the same contents give the same bytes.

    The complete file replaces `target`. Folders are skipped.
    """
    part = target.with_name(target.name + ".part")
    with zipfile.ZipFile(part, "w") as archive:
        for name, source in files:
            if isinstance(source, bytes) or source.is_file():
                info = zipfile.ZipInfo(name)  # dated 1980: the time of writing would give other bytes each time
                stored = Path(name).suffix.lower() in COMPRESSED
                info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                archive.writestr(info, source if isinstance(source, bytes) else source.read_bytes())
    part.replace(target)
