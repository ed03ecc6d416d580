"""Stage report: everything that the stages found -> reports/<profile>/."""

from pathlib import Path

from lookalike.artifacts.reports import save_report
from lookalike.claims.verdicts import Row, rows
from lookalike.command import run
from lookalike.params import load_params
from lookalike.reporting.assemble import assemble
from lookalike.reporting.leaderboard import Standing, to_csv
from lookalike.reporting.report import to_html, to_markdown
from lookalike.results.beside import with_published

PARAMETERS = Path("params.yaml")


def main() -> None:
    """Write the report of the active profile."""
    params = load_params(PARAMETERS)
    with with_published(params) as (shown, root):
        report, standings, judged = assemble(shown, PARAMETERS.read_text(encoding="utf-8"), root)
    save_report(
        Path("reports") / params.profile,
        html=to_html(report),
        markdown=to_markdown(report),
        leaderboard=to_csv(standings, Standing),
        claims=to_csv(rows(judged), Row),
        figures={picture.name: picture.png for picture in report.illustrations},
    )


if __name__ == "__main__":
    run(main)
