"""The repair ledger in the report: counts in both orders, the control, and what two models give together."""

from dataclasses import replace

from blocks import figures, prose, rows, shown, tables, titles
from small_study import CNN, EVALUATED, FEW, SmallStudy

from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.repairs import repairs
from lookalike.reporting.document import Json, millions, p, points, shares


def test_both_orders_and_the_control_are_counted(found: Found, drawn: Json, study: SmallStudy) -> None:
    part, ledger = repairs(found), study.look_alikes["repairs"]
    assert titles(part) == ["Who repairs whose mistakes"]
    assert shown(part) == {"fashion-repairs": "PNG of repairs"}
    assert drawn["repairs"] == (ledger["pairs"][:1], ledger["control"])
    counted, control = figures(part)["fashion-repairs"].numbers
    for row, told in zip(ledger["pairs"], rows(counted), strict=True):
        counts = [str(row[key]) for key in ("only_first", "only_second", "both_wrong")]
        assert told == [
            row["first"],
            row["second"],
            *counts,
            shares(row["fixed"]),
            shares(row["broken"]),
            p(row["mcnemar_p"]),
        ]
    assert [told[:2] for told in rows(counted)] == [[CNN, FEW], [FEW, CNN]]
    assert [told[0] for told in rows(control)] == list(EVALUATED)


def test_what_both_give_together_is_told_with_its_cost(found: Found, drawn: Json, study: SmallStudy) -> None:
    part = repairs(found)
    assert "validation images alone" in prose(part)[0]
    (first, _), (row, _) = rows(tables(part)["Two models together"]), study.look_alikes["repairs"]["pairs"]
    assert first[:5] == [CNN, FEW, shares(row["oracle"]), shares(row["averaged"]), points(row["averaged_gain"])]
    cascade = row["cascade"]
    assert first[5:8] == [f"{100 * cascade['asked']:.2f}", shares(cascade["accuracy"]), points(cascade["gain"])]
    assert first[8:] == [millions(cascade["macs"]), millions(cascade["macs_per_repair"])]


def test_without_pairs_there_is_no_ledger(found: Found) -> None:
    look_alikes = found.figures.look_alikes | {"repairs": {"pairs": [], "control": []}}
    assert repairs(replace(found, figures=replace(found.figures, look_alikes=look_alikes))) is None
