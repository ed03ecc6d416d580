"""`reports/<profile>/`: pages, their Markdown twin, leaderboard, claims, figures, and what pages load."""

from collections.abc import Mapping
from pathlib import Path

from lookalike.artifacts.folders import replacing_folder, write_bytes, write_text


def save_report(folder: Path, texts: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    """Write texts and files by their path; the folder is replaced as a whole."""
    with replacing_folder(folder) as part:
        for name, text in texts.items():
            write_text(part / name, text)
        for name, content in files.items():
            write_bytes(part / name, content)
