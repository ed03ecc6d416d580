"""Stage report: everything that the stages found -> reports/<profile>/."""

from pathlib import Path

from threadpoolctl import threadpool_limits

from lookalike.artifacts.reports import save_report
from lookalike.claims.verdicts import VerdictRow, verdict_rows
from lookalike.command import run
from lookalike.params import load_params
from lookalike.reporting.assemble import assemble
from lookalike.reporting.leaderboard import Standing, to_csv
from lookalike.reporting.report import to_html, to_markdown
from lookalike.results.compare_with import with_published

PARAMETERS = Path("params.yaml")


def main() -> None:
    """Write the report of the active profile."""
    params = load_params(PARAMETERS)
    with threadpool_limits(1, "blas"), with_published(params) as (shown, root):  # more threads wait for each other
        report, standings, judged = assemble(shown, PARAMETERS.read_text(encoding="utf-8"), root)
    texts = {
        **to_html(report),
        "report.md": to_markdown(report),
        "leaderboard.csv": to_csv(standings, Standing),
        "claims.csv": to_csv(verdict_rows(judged), VerdictRow),
    }
    figures = {f"figures/{name}.webp": one.picture.wide.webp for name, one in report.illustrations.items()}
    save_report(Path("reports") / params.profile, texts, {**figures, **report.files})


if __name__ == "__main__":
    run(main)
