"""The claims on regularisation, model families and history: figures that hold each test, refute it, or do neither."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from claims.invented import Figures, answers, ended, evidence, reaching, verdicts

from lookalike.claims import cifar, history, zoo
from lookalike.claims.claim import NO_DATA, NO_STUDY, UNSEEN, Claim, Evidence


@dataclass(frozen=True)
class Question:
    """One test of a claim.

    Attributes:
        value: what is measured where all claims hold; and what its interval speaks of.
        refuting, blurring: the figures with which this test alone is contradicted, and inconclusive.
    """

    value: float
    count: int
    unit: str
    refuting: Figures
    blurring: Figures


@dataclass(frozen=True)
class Study:
    """Its claims, figures with which all of them hold, and its tests by the names of claim and test."""

    claims: Sequence[Claim]
    figures: Figures
    questions: dict[str, Question]


def known(
    key: tuple[str, ...], unit: tuple[int, str], values: Sequence[float], *, less: float = 0, wrong: bool = False
) -> Question:
    """A test of one figure `less` a constant, or of its error: its values where it holds, is refuted, and neither."""
    holding, refuted, blurred = values
    return Question(1 - holding if wrong else holding - less, *unit, {key: refuted}, {key: blurred})


def ladder(*gaps: float) -> Figures:
    """Histories of the simple CNNs that end with these gaps."""
    return {("curves", name): ended(0.9, 0.9 - gap) for name, gap in zip(cifar.LADDER, gaps, strict=True)}


def curves(variant: str, train: float, gap: float, unrest: float = 0.04) -> Figures:
    return {("curves", variant): ended(train, train - gap, unrest)}


TEST, EMBEDDED, SCORED, SEEDS = (10_000, "images"), (5000, "images"), (100, "images"), (3, "seeds")
ACTIVE, SPOILED = (64, "images"), (1000, "images")
CIFAR = Study(
    cifar.CLAIMS,
    {
        ("accuracy", "vgg11-plain"): 0.105,
        ("pair", "vgg11-bn", "vgg11-plain"): 0.7,
        ("narrowing", "cnn-bn"): 0.5,
        ("narrowing", "vgg11-bn"): 0.75,
        ("accuracy", "vgg11-bn"): 0.81,
        ("accuracy", "vgg11-bn-dropout"): 0.795,
        ("accuracy", "vgg11-bn-aug"): 0.8,
        ("agreement", "vgg11-bn", "k_means", "ari"): 0.6,
        ("agreement", "vgg11-bn", "mixture_by_class", "ari"): 0.7,
        ("gain", "vgg11-bn", "Grad-CAM"): 0.1,
        **ladder(0.4, 0.3, 0.2, 0.1),
        **curves("vgg11-bn", 0.95, 0.25),
        **curves("vgg11-bn-dropout", 0.9, 0.3),
        **curves("vgg11-bn-aug", 0.9, 0.3),
        **curves("vgg11-l2", 0.8, 0.05),
        **curves("vgg11-bn-l2", 0.85, 0.1),
        **curves("vgg11-bn-lr2", 0.9, 0.2, unrest=0.16),
        **curves("vgg11-bn-lralt", 0.9, 0.2, unrest=0.12),
    },
    {
        "C1 plain": known(("accuracy", "vgg11-plain"), TEST, (0.105, 0.2, 0.12), less=0.1),
        "C1 batch norm": known(("pair", "vgg11-bn", "vgg11-plain"), TEST, (0.7, 0.09, 0.1)),
        "C2 cnn-bn": known(("narrowing", "cnn-bn"), ACTIVE, (0.5, 1.5, 1.0)),
        "C2 vgg11-bn": known(("narrowing", "vgg11-bn"), ACTIVE, (0.75, 1.01, 0.9995)),
        "C3 cnn-bn after cnn-plain": Question(0.1, *SEEDS, ladder(0.3, 0.3, 0.2, 0.1), ladder(0.31, 0.3, 0.2, 0.1)),
        "C3 cnn-bn-l2 after cnn-bn": Question(0.1, *SEEDS, ladder(0.4, 0.3, 0.4, 0.1), ladder(0.4, 0.3, 0.29, 0.1)),
        "C3 cnn-bn-l2-aug after cnn-bn-l2": Question(
            0.1, *SEEDS, ladder(0.4, 0.3, 0.2, 0.195), ladder(0.4, 0.3, 0.2, 0.19)
        ),
        "C4 vgg11-bn": known(("accuracy", "vgg11-bn"), TEST, (0.81, 0.83, 0.82), less=0.8),
        "C4 vgg11-bn-dropout": known(("accuracy", "vgg11-bn-dropout"), TEST, (0.795, 0.7, 0.78), less=0.8),
        "C4 vgg11-bn-aug": known(("accuracy", "vgg11-bn-aug"), TEST, (0.8, 0.85, 0.821), less=0.8),
        "C5 vgg11-l2: gap": Question(0.2, *SEEDS, curves("vgg11-l2", 0.8, 0.3), curves("vgg11-l2", 0.8, 0.24)),
        "C5 vgg11-l2: underfits": Question(
            0.15, *SEEDS, curves("vgg11-l2", 0.945, 0.05), curves("vgg11-l2", 0.94, 0.05)
        ),
        "C5 vgg11-bn-l2: gap": Question(
            0.15, *SEEDS, curves("vgg11-bn-l2", 0.85, 0.25), curves("vgg11-bn-l2", 0.85, 0.24)
        ),
        "C5 vgg11-bn-l2: underfits": Question(
            0.1, *SEEDS, curves("vgg11-bn-l2", 0.96, 0.1), curves("vgg11-bn-l2", 0.94, 0.1)
        ),
        "C6 cluster by label": known(("agreement", "vgg11-bn", "k_means", "ari"), EMBEDDED, (0.6, 0.4, 0.5)),
        "C6 mixture differs": known(("agreement", "vgg11-bn", "mixture_by_class", "ari"), EMBEDDED, (0.7, 0.95, 0.9)),
        "C7": known(("gain", "vgg11-bn", "Grad-CAM"), SCORED, (0.1, 0.04, 0.05)),
        "C8 vgg11-bn-lr2": Question(
            4, *SEEDS, curves("vgg11-bn-lr2", 0.9, 0.2, 0.04), curves("vgg11-bn-lr2", 0.9, 0.2, 0.06)
        ),
        "C8 vgg11-bn-lralt": Question(
            3, *SEEDS, curves("vgg11-bn-lralt", 0.9, 0.2, 0.01), curves("vgg11-bn-lralt", 0.9, 0.2, 0.06)
        ),
    },
)
ZOO = Study(
    [claim for claim in zoo.CLAIMS if claim.key == "Z2"],  # tests/claims/test_zoo.py has those of several studies
    {("pair", "zoo-hybrid", "zoo-vit"): 0.03},
    {"Z2": known(("pair", "zoo-hybrid", "zoo-vit"), TEST, (0.03, 0.003, 0.005))},
)
HISTORY = Study(
    history.CLAIMS,
    {
        ("accuracy", "lenet5"): 0.9905,
        ("spoiled", "lenet5", "mnist-net"): 0.02,
        ("curves", "race-relu"): reaching(2, 3, 2),
        ("curves", "race-tanh"): reaching(14, 16, 14),
        ("pair", "alexnet", "alexnet-nolrn"): 0.01,
        ("pair", "alexnet", "alexnet-nodropout"): 0.02,
        ("pair", "alexnet", "alexnet-noaug"): 0.03,
    },
    {
        "H1": known(("accuracy", "lenet5"), TEST, (0.9905, 0.98, 0.988), wrong=True),
        "H2": known(("spoiled", "lenet5", "mnist-net"), SPOILED, (0.02, -0.01, 0.0055)),
        "H3": Question(
            ((14 * 16 * 14) / (2 * 3 * 2)) ** (1 / 3),
            *SEEDS,
            {("curves", "race-tanh"): reaching(2, 3, 2)},
            {("curves", "race-tanh"): reaching(4, 9, 4)},
        ),
        "H4 normalisation": known(("pair", "alexnet", "alexnet-nolrn"), TEST, (0.01, 0.003, 0.0055)),
        "H4 dropout": known(("pair", "alexnet", "alexnet-nodropout"), TEST, (0.02, -0.02, 0.0045)),
        "H4 cropping and mirroring": known(("pair", "alexnet", "alexnet-noaug"), TEST, (0.03, 0, 0.005)),
    },
)
PAIRED = ("pair", "spoiled")  # figures of a first and a second variant
WHERE = {"narrowing": "gain"}  # figures that stand in one file: without it neither is known
STUDIES = {"cifar": CIFAR, "zoo": ZOO, "history": HISTORY}
EACH = pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
EACH_QUESTION = pytest.mark.parametrize(
    ("study", "name"),
    [pytest.param(study, name, id=name) for study in STUDIES.values() for name in study.questions],
)


def unseen(study: Study) -> dict[str, str]:
    """The tests whose quantity no stage measures, each with "not run"."""
    named = {f"{claim.key} {test.key}".strip(): test for claim in study.claims for test in claim.tests}
    return {name: "not run" for name, test in named.items() if test.measured is None}


def expected(study: Study, **changed: str) -> dict[str, str]:
    return dict.fromkeys(study.questions, "reproduced") | unseen(study) | changed


@EACH
def test_every_test_that_a_stage_can_answer_is_tried_here(study: Study) -> None:
    asked = {f"{claim.key} {test.key}".strip() for claim in study.claims for test in claim.tests}
    assert asked == study.questions.keys() | unseen(study).keys()


@EACH
def test_figures_that_favour_all_claims_reproduce_them(study: Study) -> None:
    assert verdicts(study.claims, evidence(study.figures)) == expected(study)


@EACH_QUESTION
def test_a_test_hangs_on_its_own_figure_alone(study: Study, name: str) -> None:
    question = study.questions[name]
    for figures, verdict in ((question.refuting, "contradicted"), (question.blurring, "inconclusive")):
        found = evidence(study.figures | figures)
        assert verdicts(study.claims, found) == expected(study, **{name: verdict})


@EACH_QUESTION
def test_a_test_says_what_it_measured_and_on_how_many(study: Study, name: str) -> None:
    question = study.questions[name]
    measured = answers(study.claims, evidence(study.figures))[name].measured
    assert measured is not None
    assert measured.value == pytest.approx(question.value, abs=1e-9)
    assert measured.low < measured.value < measured.high
    assert (measured.count, measured.unit) == (question.count, question.unit)


@EACH_QUESTION
def test_an_inconclusive_test_says_how_many_would_decide(study: Study, name: str) -> None:
    question = study.questions[name]
    answer = answers(study.claims, evidence(study.figures | question.blurring))[name]
    assert answer.needed is None or answer.needed > question.count


@EACH
def test_pairs_may_be_stored_the_other_way_round(study: Study) -> None:
    turned = {
        (key[0], key[2], key[1]) if key[0] in PAIRED else key: -value if key[0] in PAIRED else value
        for key, value in study.figures.items()
    }
    plain, other = (answers(study.claims, evidence(figures)) for figures in (study.figures, turned))
    assert {name: answer.verdict for name, answer in other.items()} == expected(study)
    assert {name: answer.measured for name, answer in other.items()} == {
        name: answer.measured for name, answer in plain.items()
    }


@EACH_QUESTION
def test_a_test_without_its_figure_is_not_run(study: Study, name: str) -> None:
    gone = {(WHERE.get(key[0], key[0]), key[1]) for key in study.questions[name].blurring}
    left = {key: value for key, value in study.figures.items() if (WHERE.get(key[0], key[0]), key[1]) not in gone}
    answer = answers(study.claims, evidence(left))[name]
    assert (answer.verdict, answer.reason, answer.measured) == ("not run", NO_DATA, None)


@EACH
def test_a_study_without_findings_answers_nothing(study: Study) -> None:
    for found in (Evidence(), evidence({})):
        known = answers(study.claims, found)
        assert {name: answer.reason for name, answer in known.items()} == {
            name: UNSEEN if name in unseen(study) else NO_DATA for name in known
        }


@EACH
def test_a_study_that_is_not_among_the_parameters_answers_nothing(study: Study) -> None:
    assert {answer.reason for answer in answers(study.claims, None).values()} == {NO_STUDY}


@pytest.mark.parametrize(
    ("study", "variant", "names"),
    [
        (CIFAR, "cnn-bn", {"C3 cnn-bn after cnn-plain", "C3 cnn-bn-l2 after cnn-bn"}),
        (CIFAR, "vgg11-l2", {"C5 vgg11-l2: gap", "C5 vgg11-l2: underfits"}),
        (CIFAR, "vgg11-bn-lralt", {"C8 vgg11-bn-lralt"}),
        (HISTORY, "race-tanh", {"H3"}),
    ],
)
def test_one_seed_does_not_tell_how_far_seeds_differ(study: Study, variant: str, names: set[str]) -> None:
    rows = [row for row in study.figures["curves", variant] if row["seed"] == 0]
    found = verdicts(study.claims, evidence(study.figures | {("curves", variant): rows}))
    assert found == expected(study, **dict.fromkeys(names, "not run"))


@pytest.mark.parametrize(
    ("variant", "name"),
    [("vgg11-plain", "C1 plain"), ("vgg11-bn-dropout", "C4 vgg11-bn-dropout"), ("vgg11-bn-aug", "C4 vgg11-bn-aug")],
)
def test_of_a_variant_whose_seeds_all_diverged_no_accuracy_is_told(variant: str, name: str) -> None:
    found = evidence(CIFAR.figures)
    found.metrics[variant] = {"seeds": 0, "diverged": 3}
    assert verdicts(CIFAR.claims, found) == expected(CIFAR, **{name: "not run"})


@pytest.mark.parametrize("error", [0.0076, 0.0095, 0.0114])
def test_an_error_near_the_reported_one_is_the_reported_one(error: float) -> None:
    found = evidence(HISTORY.figures | {("accuracy", "lenet5"): 1 - error})
    figure = {"accuracy_low": 1 - error - 0.0005, "accuracy_high": 1 - error + 0.0005}
    found.metrics["lenet5"] |= figure
    assert verdicts(HISTORY.claims, found)["H1"] == "reproduced"


@pytest.mark.parametrize("error", [0.005, 0.015])
def test_an_error_on_either_side_of_the_reported_one_is_another(error: float) -> None:
    found = evidence(HISTORY.figures | {("accuracy", "lenet5"): 1 - error})
    assert verdicts(HISTORY.claims, found)["H1"] == "contradicted"
