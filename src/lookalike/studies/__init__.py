"""What belongs to one study alone: its claims, with the rules that decide them. One module per study.

A new study needs a module here, named as in `params.yaml`, and its name in the import below. Chapters of the report are
about whatever a study measured, so that none has to be added.
"""

from lookalike.claims.claim import Claim
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import Judged, judge
from lookalike.studies import alexnet, cifar, fashion, lenet, look_alikes, zoo

CLAIMS: tuple[Claim, ...] = tuple(
    claim for study in (look_alikes, fashion, cifar, zoo, lenet, alexnet) for claim in study.CLAIMS
)


def judge_all(evidence: Evidence) -> list[Judged]:
    """The verdicts on all claims, in their order."""
    return [judge(claim, evidence) for claim in CLAIMS]
