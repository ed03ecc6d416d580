"""`reports/<profile>/`: the page, its Markdown twin, the leaderboard, the claims and the figures."""

from pathlib import Path

from lookalike.artifacts.folders import replacing_folder


def save_report(
    folder: Path, *, html: str, markdown: str, leaderboard: str, claims: str, figures: dict[str, bytes]
) -> None:
    """Write everything; the folder is replaced as a whole."""
    with replacing_folder(folder) as part:
        (part / "index.html").write_text(html, encoding="utf-8")
        (part / "report.md").write_text(markdown, encoding="utf-8")
        (part / "leaderboard.csv").write_text(leaderboard, encoding="utf-8")
        (part / "claims.csv").write_text(claims, encoding="utf-8")
        (part / "figures").mkdir()
        for name, png in figures.items():
            (part / "figures" / f"{name}.png").write_bytes(png)
