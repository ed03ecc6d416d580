"""What the README says of the published data is what the committed report says, which says what its tables say."""

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "reports" / "paper"
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of all tables, without headers' rules."""
    found = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in ROW.findall(text)]
    return [row for row in found if set(row) != {"---"}]


def results() -> str:
    """The README's section."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return readme.partition("\n## Results\n")[2].partition("\n## ")[0]


def table(name: str) -> list[dict[str, str]]:
    with (PAPER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_readme_stands_in_the_report() -> None:
    report = rows((PAPER / "report.md").read_text(encoding="utf-8"))
    assert [row for row in rows(results()) if row not in report] == []


@pytest.mark.parametrize("name", ["claims.csv", "leaderboard.csv"])
def test_the_readme_leaves_out_nothing_that_was_run(name: str) -> None:
    told = {row[0] for row in rows(results())}
    key = {"claims.csv": "claim", "leaderboard.csv": "variant"}[name]
    run = {row[key] for row in table(name) if row.get("claim_verdict") != "not run"}
    assert run <= told


def test_the_report_and_its_table_agree_on_every_verdict() -> None:
    report = {row[0]: row for row in rows((PAPER / "report.md").read_text(encoding="utf-8")) if len(row) == 6}
    for row in table("claims.csv"):
        assert row["claim_verdict"] in report[row["claim"]]


def test_the_report_is_one_file_of_less_than_15_mib() -> None:
    assert (PAPER / "index.html").stat().st_size < 15 * 2**20
