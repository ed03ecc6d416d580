"""No rule of a claim changes without its date."""

import hashlib
from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from lookalike.claims.claim import Claim, Known, above, within
from lookalike.studies import CLAIMS

FIRST = CLAIMS[0]
TEST = FIRST.tests[0]


def rule_digest(claim: Claim) -> str:
    """The first 12 hex digits of the SHA-256 of what decides a claim."""
    parts = [claim.key, claim.statement]
    for test in claim.tests:
        decides = (test.key, test.measure, test.region, test.variants, test.scale, test.control, test.overturns)
        parts.append(repr((*decides, test.reading, test.trained, test.at_chance, test.measured is None)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_the_rule_of_a_claim_is_the_one_that_is_dated(claim: Claim) -> None:
    assert rule_digest(claim) == claim.rule.digest, "a rule was changed: note its digest, the day and what was known"


def test_rules_say_when_they_were_changed_and_what_was_known() -> None:
    for rule in (claim.rule for claim in CLAIMS):
        assert date.fromisoformat(rule.changed).isoformat() == rule.changed
        assert rule.known in get_args(Known)
        assert rule.commit


@pytest.mark.parametrize(
    "changed",
    [
        replace(FIRST, statement="The ViT is more accurate."),
        replace(FIRST, tests=()),
        replace(FIRST, tests=(TEST, TEST)),
        *(
            replace(FIRST, tests=(replace(TEST, **change),))
            for change in (
                {"region": above(0.006)},
                {"region": within(0.005)},
                {"measure": "accuracy of the first seed"},
                {"variants": ("fashion-cnn",)},
                {"scale": "percent"},
                {"control": True},
                {"overturns": True},
                {"reading": "another"},
                {"trained": 0.8},
                {"at_chance": ("fashion-vit",)},
                {"measured": None},
            )
        ),
    ],
)
def test_whatever_decides_changes_the_digest(changed: Claim) -> None:
    assert rule_digest(changed) != rule_digest(FIRST)


def test_words_that_decide_nothing_do_not_change_it() -> None:
    said = replace(TEST, sentence="the CNN leads by {}")
    assert rule_digest(replace(FIRST, source="elsewhere", reported="none", tests=(said,))) == rule_digest(FIRST)
