"""All claims: that they are there, that their variants are, and that evidence can speak for and against each."""

import re
import string
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from claims.invented import (
    Variant,
    alike,
    bending,
    deepening,
    ended,
    evidence,
    faithful,
    filtering,
    measured,
    on_object,
    reaching,
    wide,
)

from lookalike.claims.claim import Claim, Test
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import Answer, Verdict, judge
from lookalike.claims.wording import sentence
from lookalike.data.corruptions import CORRUPTIONS, SHIFTS
from lookalike.studies import CLAIMS
from lookalike.studies.fashion import READINGS

STUDY_OF = (  # as STUDIES.md lists them
    dict.fromkeys((*(f"L{k}" for k in range(1, 12)), "F1", "F2", "F3", "F4", "F5", "F6", "F7"), "fashion")
    | dict.fromkeys(("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10"), "cifar")
    | dict.fromkeys(("Z1", "Z2", "Z3"), "zoo")
    | dict.fromkeys(("H1", "H2", "H7", "H9", "H10"), "lenet")
    | dict.fromkeys(("H3", "H4", "H5", "H6", "H8"), "alexnet")
)
ELSEWHERE = {  # variants of other studies that a claim is about
    "Z1": {f"fashion-{family}{share}" for family in ("cnn", "vit") for share in ("", "-10pct", "-1pct")},
    "Z3": {"plain-56", "residual-56"},
}
NEITHER: dict[str, set[Verdict]] = {"Z3": {"inconclusive"}}  # one of its ideas is measured by no stage
EACH = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
TESTS = [pytest.param(test, id=f"{claim.key} {test.key}") for claim in CLAIMS for test in claim.tests]
Variants = dict[str, Variant | float]


def pair(first: Any, second: Any, names: tuple[str, str]) -> tuple[Variants, Variants]:
    """The first of two variants is as `first` and the second as `second`; and the other way round."""
    return dict(zip(names, (first, second), strict=True)), dict(zip(names, (second, first), strict=True))


def fitted(train: float, valid: float, accuracy: float = 0.8) -> Variant:
    return Variant(accuracy, train=train, valid=valid)


def losing(share: float, *, kinds: Any = CORRUPTIONS) -> Variant:
    return Variant(0.97, lost=dict.fromkeys(kinds, share))


def sure(right: tuple[float, float, float], wrong: tuple[float, float, float], accuracy: float = 0.6) -> Variant:
    return Variant(accuracy, right, wrong)


def on_l2(l2: Variant) -> Variants:
    other = fitted(0.95, 0.8)
    return dict.fromkeys(("vgg11-bn", "vgg11-bn-dropout", "vgg11-bn-aug"), other) | dict.fromkeys(
        ("vgg11-l2", "vgg11-bn-l2"), l2
    )


def with_filters(plain: Variant, normed: Variant) -> Variants:
    return {
        **dict.fromkeys(("cnn-plain", "vgg11-plain"), replace(plain, accuracy=0.1)),
        **dict.fromkeys(("cnn-bn", "vgg11-bn"), normed),
        "cnn-plain": plain,
    }


def drawn(cnn: float, vit: float) -> Variants:
    """Accuracies of both families wherever they are compared."""
    pairs = (("cnn", cnn), ("vit", vit))
    found: Variants = {f"fashion-{name}{share}": one for name, one in pairs for share in ("", "-10pct", "-1pct")}
    return found | {"zoo-vit": vit, "zoo-resnet": cnn}


def ideas(plain: float, residual: float) -> Variants:
    zoo: Variants = dict.fromkeys(("zoo-mobilenet", "zoo-googlenet", "zoo-resnet", "zoo-efficientnet"), 0.8)
    return zoo | {"plain-56": Variant(0.7, epochs=ended(plain)), "residual-56": Variant(0.8, epochs=ended(residual))}


def cases() -> dict[str, tuple[Variants, Variants]]:
    """By claim: evidence for it and against it."""
    fashion = ("fashion-cnn", "fashion-vit")
    spread, narrow = sure((0.7, 0.2, 0.05), (0.05, 0.6, 0.3)), sure((0.7, 0.05, 0.2), (0.2, 0.6, 0.05))
    as_sure = sure((0.93, 0.03, 0.01), (0.03, 0.63, 0.3), 0.9)  # as it is right: 90 %
    lead_1, lead_10 = (("fashion-cnn-1pct", "fashion-vit-1pct"), ("fashion-cnn-10pct", "fashion-vit-10pct"))
    maps = (*READINGS.values(),)
    small, large = losing(0.05, kinds=SHIFTS), losing(0.5, kinds=SHIFTS)
    leads = [a | b for a, b in zip(pair(0.8, 0.7, lead_1), pair(0.8, 0.7, lead_10), strict=True)]
    parts = ("alexnet-nolrn", "alexnet-nodropout", "alexnet-noaug")
    rates = ("vgg11-bn-lr2", "vgg11-bn-lralt")
    ladder = ("cnn-plain", "cnn-bn", "cnn-bn-l2", "cnn-bn-l2-aug")
    gaps = [fitted(0.95 - 0.05 * k, 0.75) for k in range(4)]
    few, modern = (("fashion-cnn-1pct", "fashion-vit-1pct"), ("fashion-cnn-modern", "fashion-vit-modern"))
    apart, same = (dict(zip(fashion, variants, strict=True)) for variants in ((Variant(),) * 2, (Variant(draw=1),) * 2))
    few_apart, few_same = (dict(zip(few, one.values(), strict=True)) for one in (apart, same))
    by_order = {"shuffled": 0.5}, {"shuffled": 0.2}
    by_detail = {"low-pass": 0.5, "high-pass": 0.2}, {"low-pass": 0.2, "high-pass": 0.5}
    probed = [{name: Variant(0.9, probe=share) for name in fashion} for share in (0.901, 0.95)]
    shuffled = [
        {"fashion-cnn": Variant(cues=one), "fashion-vit": Variant(cues=other), "fashion-vit-pos": Variant(cues=one)}
        for one, other in (by_order, by_order[::-1])
    ]
    return {
        "L1": (apart, same),
        "L2": (few_apart | same, few_same | apart),
        "L3": (apart, same),
        "L4": pair(0.95, 0.85, fashion),
        "L5": (probed[0], probed[1]),
        "L6": pair(Variant(cues={"silhouette": 0.5}), Variant(cues={"silhouette": 0.2}), fashion),
        "L7": (shuffled[0], shuffled[1]),
        "L8": pair(Variant(cues=by_detail[0]), Variant(cues=by_detail[1]), fashion),
        "L9": (
            dict(zip(modern, (Variant(0.93, draw=1), Variant(0.931, draw=1)), strict=True)),
            dict(zip(modern, (0.93, 0.9), strict=True)),
        ),
        "L10": (
            {"fashion-cnn": Variant(findings=faithful(0.4)), "fashion-vit": Variant(findings=faithful(0.1))},
            {name: Variant(findings=faithful(0.4)) for name in fashion},
        ),
        "L11": (
            {"fashion-cnn": Variant(layers=1), "fashion-vit": Variant(layers=2)},
            dict.fromkeys(fashion, Variant(layers=1)),
        ),
        "F1": pair(0.92, 0.9, fashion),
        "F2": pair(Variant(photographs=0.3), Variant(photographs=0.5), fashion),
        "F3": pair(spread, narrow, fashion),
        "F4": pair(spread, narrow, fashion),
        "F5": (
            {"fashion-cnn": sure((0.95, 0.03, 0.01), (0.3, 0.6, 0.05)), "fashion-vit": narrow},
            dict.fromkeys(fashion, as_sure),
        ),
        "F6": (
            {"fashion-vit": Variant(findings=alike(maps, 0.3))},
            {"fashion-vit": Variant(findings=alike(maps, 0.0))},
        ),
        "F7": (leads[0], leads[1]),
        "C1": ({"vgg11-plain": 0.1, "vgg11-bn": 0.8}, {"vgg11-plain": 0.5, "vgg11-bn": 0.8}),
        "C2": (
            with_filters(Variant(findings=wide(2.0)), Variant(findings=wide(1.0))),
            with_filters(Variant(findings=wide(1.0)), Variant(findings=wide(2.0))),
        ),
        "C3": (dict(zip(ladder, gaps, strict=True)), dict(zip(ladder, gaps[::-1], strict=True))),
        "C4": (
            {"vgg11-bn": 0.8, "vgg11-bn-dropout": 0.8, "vgg11-bn-aug": 0.8},
            {"vgg11-bn": 0.8, "vgg11-bn-dropout": 0.8, "vgg11-bn-aug": 0.75},
        ),
        "C5": (on_l2(fitted(0.7, 0.69, 0.7)), on_l2(fitted(0.99, 0.7, 0.7))),
        "C6": ({"vgg11-bn": Variant(0.8, clusters=(0.7, 0.6))}, {"vgg11-bn": Variant(0.8, clusters=(0.3, 0.6))}),
        "C7": (
            {"vgg11-bn": Variant(findings=on_object(0.1, 0.1))},
            {"vgg11-bn": Variant(findings=on_object(0.1, 0.0))},
        ),
        "C8": (
            {"vgg11-bn": Variant(epochs=bending(0.1)), **dict.fromkeys(rates, Variant(epochs=bending(0.5)))},
            dict.fromkeys(("vgg11-bn", *rates), Variant(epochs=bending(0.1))),
        ),
        "C9": (
            with_filters(Variant(findings=filtering(0.1, 0.1)), Variant(findings=filtering(0.1, 0.2))),
            with_filters(Variant(findings=filtering(0.1, 0.2)), Variant(findings=filtering(0.1, 0.1))),
        ),
        "C10": (
            {
                "vgg11-bn": fitted(0.95, 0.8),
                **dict.fromkeys(("vgg11-bn-dropout", "vgg11-bn-aug"), fitted(0.85, 0.82, 0.82)),
            },
            {
                "vgg11-bn": fitted(0.95, 0.8),
                **dict.fromkeys(("vgg11-bn-dropout", "vgg11-bn-aug"), fitted(0.95, 0.8, 0.7)),
            },
        ),
        "Z1": (drawn(0.9, 0.8) | {"zoo-vit": 0.9, "zoo-resnet": 0.8}, drawn(0.9, 0.8)),
        "Z2": pair(0.9, 0.8, ("zoo-hybrid", "zoo-vit")),
        "Z3": (ideas(0.3, 0.1), ideas(0.1, 0.3)),
        "H1": ({"lenet5": 0.9905}, {"lenet5": 0.98}),
        "H2": (
            dict.fromkeys(("lenet5", "mnist-net"), losing(0.05)),
            dict.fromkeys(("lenet5", "mnist-net"), losing(0.3)),
        ),
        "H3": (
            {
                "four-layer-tanh": Variant(epochs=reaching(16, 17, 18)),
                "four-layer-relu": Variant(epochs=reaching(3, 3, 3)),
            },
            {
                "four-layer-tanh": Variant(epochs=reaching(8, 8, 8)),
                "four-layer-relu": Variant(epochs=reaching(7, 7, 7)),
            },
        ),
        "H4": ({"alexnet": 0.8, **dict.fromkeys(parts, 0.7)}, {"alexnet": 0.7, **dict.fromkeys(parts, 0.8)}),
        "H5": pair(0.8, 0.7, ("cnn-3x3-3x3", "cnn-5x5")),
        "H6": (
            {"alexnet": Variant(findings=deepening(0.3, 0.3, -0.2, -0.1))},
            {"alexnet": Variant(findings=deepening(0.3, 0.3, 0.2, 0.1))},
        ),
        "H7": (
            {"lenet5": small, "mnist-mlp": large},
            {"lenet5": large, "mnist-mlp": large},
        ),
        "H8": (
            {"alexnet": Variant(0.8, (0.8, 0.15, 0.01), (0.1, 0.01, 0.8))},
            {"alexnet": Variant(0.95, (0.8, 0.001, 0.1), (0.2, 0.7, 0.01))},
        ),
        "H9": (
            {"lenet5": 0.98, "mnist-mlp": 0.95, "lenet5-permuted": 0.94, "mnist-mlp-permuted": 0.95},
            {"lenet5": 0.98, "mnist-mlp": 0.95, "lenet5-permuted": 0.97, "mnist-mlp-permuted": 0.95},
        ),
        "H10": pair(0.99, 0.98, ("lenet5", "lenet1")),
    }


@cache
def found(key: str, side: int) -> Evidence:
    """Evidence for a claim (0) or against it (1)."""
    variants = cases()[key][side]
    costs = {
        "separable": [{"standard": {"macs": 9}, "separable": {"macs": 2}}],
        "designs": [{"plain": {"macs": 9}, "reduced": {"macs": 2}}],
    }
    return replace(evidence(variants), costs=costs)


def test_all_claims_of_the_studies_are_there() -> None:
    assert {claim.key: claim.study for claim in CLAIMS} == STUDY_OF
    assert len(CLAIMS) == len(STUDY_OF) == 41
    for letter in "LFCZH":
        numbers = sorted(int(claim.key[1:]) for claim in CLAIMS if claim.key[0] == letter)
        assert numbers == [*range(1, len(numbers) + 1)]


@EACH
def test_a_claim_says_what_was_claimed_and_where_and_its_tests_can_be_told_apart(claim: Claim) -> None:
    assert claim.statement.endswith(".")
    assert all((claim.source, claim.reported, *(test.measure for test in claim.tests)))
    keys = [test.key for test in claim.tests]
    assert len(set(keys)) == len(keys) > 0
    assert any(not test.control for test in claim.tests)


@EACH
def test_variants_exist_and_belong_to_the_study_of_the_claim(claim: Claim, raw_params: dict[str, Any]) -> None:
    for name in {name for test in claim.tests for name in test.variants}:
        own = raw_params["variants"][name]["study"]
        assert own == claim.study or name in ELSEWHERE.get(claim.key, set()), name
    assert claim.study in raw_params["studies"]


@pytest.mark.parametrize("test", TESTS)
def test_sentences_take_one_value(test: Test) -> None:
    fields = [field for _, field, _, _ in string.Formatter().parse(test.sentence) if field is not None]
    assert fields == ([""] if test.sentence else [])
    assert test.sentence or test.measured is None
    either = re.findall(r"(\w+)\|(\w+)", test.sentence)
    assert len(either) == test.sentence.count("|") <= 1
    assert all(word != opposite for word, opposite in either)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("test", [one for one in TESTS if one.values[0].measured])
def test_sentences_are_said_of_values_of_both_signs(test: Test, sign: int) -> None:
    of = measured(sign * 0.2, sign * 0.2 - 0.01, sign * 0.2 + 0.01)
    words = sentence(Answer(test, of, "inconclusive", reason="so"))
    assert re.fullmatch(r"In 3 runs [^{}]* \([^{}()]* to [^{}()]*\)\. Inconclusive: so\.", words)
    assert ("−" in words.split("(")[0]) == (sign < 0 and "|" not in test.sentence and test.scale != "times")


@pytest.mark.parametrize("side", [0, 1], ids=["for", "against"])
@EACH
def test_evidence_decides_for_and_against_each_claim(claim: Claim, side: int) -> None:
    judged = judge(claim, found(claim.key, side))
    expected: set[Verdict] = {"contradicted"} if side else NEITHER.get(claim.key, {"reproduced"})
    assert {judged.verdict} == expected, [(part.test.key, part.verdict, part.reason) for part in judged.answers]
    assert all(known(part) for part in judged.answers)


def known(answer: Answer) -> bool:
    """Whether there is a value, unless no stage measures one."""
    return answer.measured is not None or answer.test.measured is None


@EACH
def test_without_its_variants_nothing_is_tested(claim: Claim) -> None:
    judged = judge(claim, evidence({"another": 0.9}))
    assert judged.verdict == "not tested"
    assert {answer.verdict for answer in judged.answers} == {"not tested"}
