"""When the rule of each claim was last changed, and whether results were known then.

A rule is what a claim states and how its tests decide. Its digest is noted here, so that no rule changes without its
date.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from lookalike.claims.claim import Claim

Known = Literal["no", "of an earlier version", "yes"]


@dataclass(frozen=True)
class Rule:
    """The last change of a claim's rule.

    Attributes:
        changed: the day, as YYYY-MM-DD.
        commit: in which it was changed.
        known: whether results that the rule is about were known then: of the variants as they are now, or of an earlier
            version with other settings.
        digest: of the rule, see `digest`.
    """

    changed: str
    commit: str
    known: Known
    digest: str


def digest(claim: Claim) -> str:
    """The first 12 hex digits of the SHA-256 of what decides a claim."""
    parts = [claim.key, claim.statement]
    for test in claim.tests:
        decides = (test.key, test.measure, test.region, test.variants, test.scale, test.control, test.overturns)
        parts.append(repr((*decides, test.reading, test.trained, test.at_chance, test.measured is None)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


RULES = {
    "L1": Rule("2026-11-29", "741f9e6", "yes", "84ac4c6ea4d7"),
    "L2": Rule("2026-11-29", "741f9e6", "yes", "18e58f832125"),
    "L3": Rule("2026-11-29", "741f9e6", "yes", "325bac27b8c5"),
    "L4": Rule("2026-11-29", "ad2f20c", "no", "402511fba88e"),
    "L5": Rule("2026-11-29", "ad2f20c", "no", "8497dbd5f59e"),
    "L6": Rule("2026-11-29", "ad2f20c", "no", "8a467e32851e"),
    "L7": Rule("2026-11-29", "ad2f20c", "no", "b12f4db2a7f1"),
    "L8": Rule("2026-11-29", "ad2f20c", "no", "233a53074059"),
    "L9": Rule("2026-11-29", "ad2f20c", "no", "c5e0c9f869cb"),
    "L10": Rule("2026-11-29", "ad2f20c", "no", "1c639ba4f392"),
    "L11": Rule("2026-11-29", "741f9e6", "yes", "dd917d9783a1"),
    "F1": Rule("2026-11-29", "7bfe933", "yes", "b896ff7c5740"),
    "F2": Rule("2026-11-29", "7bfe933", "yes", "71a14fadaf8f"),
    "F3": Rule("2026-11-29", "7bfe933", "yes", "3ea098cf8852"),
    "F4": Rule("2026-11-29", "7bfe933", "yes", "be41ef7a2523"),
    "F5": Rule("2026-11-29", "7bfe933", "yes", "a518d5483770"),
    "F6": Rule("2026-11-29", "7bfe933", "yes", "8392cd7cf77e"),
    "F7": Rule("2026-11-29", "74ac646", "of an earlier version", "3a3d72336b3e"),
    "C1": Rule("2026-11-29", "7bfe933", "of an earlier version", "1c77e80a7da0"),
    "C2": Rule("2026-11-29", "7bfe933", "of an earlier version", "bd9252c74690"),
    "C3": Rule("2026-11-29", "7bfe933", "of an earlier version", "4807622ca262"),
    "C4": Rule("2026-11-29", "7bfe933", "of an earlier version", "04eb95794306"),
    "C5": Rule("2026-11-29", "7bfe933", "of an earlier version", "bd5505bda357"),
    "C6": Rule("2026-11-29", "7bfe933", "of an earlier version", "e6a13488ddd7"),
    "C7": Rule("2026-11-29", "7bfe933", "of an earlier version", "74abb66ccf5e"),
    "C8": Rule("2026-11-29", "7bfe933", "of an earlier version", "77ae981ae7a1"),
    "C9": Rule("2026-11-29", "7bfe933", "of an earlier version", "fcd6ae1388fb"),
    "C10": Rule("2026-11-29", "7bfe933", "no", "eec7d3fb6340"),
    "Z1": Rule("2026-11-29", "7bfe933", "of an earlier version", "4d788bb0f79c"),
    "Z2": Rule("2026-11-29", "7bfe933", "no", "98f12ddd1f7f"),
    "Z3": Rule("2026-11-29", "7bfe933", "of an earlier version", "499b5fcd21de"),
    "H1": Rule("2026-11-29", "7bfe933", "of an earlier version", "cbb4d1c595c6"),
    "H2": Rule("2026-11-29", "7bfe933", "of an earlier version", "715ac11d1885"),
    "H3": Rule("2026-11-29", "7bfe933", "of an earlier version", "47b5a04728c6"),
    "H4": Rule("2026-11-29", "7bfe933", "of an earlier version", "73da9bbd122a"),
    "H5": Rule("2026-11-29", "7bfe933", "no", "9774d8a44e83"),
    "H6": Rule("2026-11-29", "7bfe933", "no", "e35a9d38cebf"),
    "H7": Rule("2026-11-29", "7bfe933", "no", "cda012f9d596"),
    "H8": Rule("2026-11-29", "7bfe933", "no", "25c21fba3b94"),
    "H9": Rule("2026-11-29", "7bfe933", "no", "e3bf5da511b9"),
    "H10": Rule("2026-11-29", "7bfe933", "no", "008c2eb35d07"),
}
