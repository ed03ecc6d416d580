"""What the README says of the published data is what the committed reports say, which say what their tables say."""

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ("paper", "narrow")
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)

for_each_report = pytest.mark.parametrize("profile", REPORTS)


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of all tables, without headers' rules."""
    found = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in ROW.findall(text)]
    return [row for row in found if set(row) != {"---"}]


def results(profile: str) -> str:
    """What the README's section on results says of a report: its first part is on `paper`, its last on `narrow`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    both = readme.partition("\n## Results\n")[2].partition("\n## ")[0]
    return both.partition("\n### ")[0 if profile == "paper" else 2]


def report(profile: str) -> list[list[str]]:
    return rows((ROOT / "reports" / profile / "report.md").read_text(encoding="utf-8"))


def table(profile: str, name: str) -> list[dict[str, str]]:
    with (ROOT / "reports" / profile / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@for_each_report
def test_every_row_of_the_readme_stands_in_the_report(profile: str) -> None:
    told, known = rows(results(profile)), report(profile)
    assert told
    assert [row for row in told if row not in known] == []


@for_each_report
@pytest.mark.parametrize("name", ["claims.csv", "leaderboard.csv"])
def test_the_readme_leaves_out_nothing_that_was_run(profile: str, name: str) -> None:
    told = {row[0] for row in rows(results(profile))}
    key = {"claims.csv": "claim", "leaderboard.csv": "variant"}[name]
    run = {row[key] for row in table(profile, name) if row.get("claim_verdict") != "not run"}
    assert run <= told


@for_each_report
def test_the_report_and_its_table_agree_on_every_verdict(profile: str) -> None:
    told = {row[0]: row for row in report(profile) if len(row) == 6}
    for row in table(profile, "claims.csv"):
        assert row["claim_verdict"] in told[row["claim"]]


@for_each_report
def test_a_report_is_one_file_of_less_than_15_mib(profile: str) -> None:
    assert (ROOT / "reports" / profile / "index.html").stat().st_size < 15 * 2**20
