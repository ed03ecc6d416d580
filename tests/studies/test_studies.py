"""Which figures the other studies' claims read: each test its own."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from claims.invented import Variant, ended, evidence, filtering, interval, on_object

from lookalike.artifacts.seed_findings import LayerReadout, Localisation, MethodLocalisation
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import judge
from lookalike.data.corruptions import CORRUPTIONS
from lookalike.studies import CLAIMS, zoo
from lookalike.studies.lenet import FAMILIES, SHOWN

CLAIM = {claim.key: claim for claim in CLAIMS}


def values(key: str, found: Evidence) -> dict[str, float]:
    """What was measured for each test of a claim."""
    answers = judge(CLAIM[key], found).answers
    return {one.test.key: one.measured.quantity.value for one in answers if one.measured is not None}


def test_activations_are_compared_by_the_geometric_mean_over_layers_and_seeds() -> None:
    def wide(first: float, second: float) -> Variant:
        trained = {"conv1": first, "conv2": second}
        return Variant(findings=lambda off: {"deviations": {"untrained": {"conv1": 99.0}, "trained": trained}})

    found = values("C2", evidence({"cnn-plain": wide(2.0, 8.0), "cnn-bn": wide(1.0, 1.0)}))
    assert found == {"cnn-bn": pytest.approx(math.log(1 / 4))}  # a root of 2 times 8


@pytest.mark.parametrize("deviations", [{}, {"trained": {}}, {"trained": {"conv1": 0.0}}, None])
def test_a_network_whose_activations_do_not_vary_is_not_measured(deviations: Any) -> None:
    dead, wide = Variant(findings=lambda off: {"deviations": deviations}), Variant(findings=lambda off: {})
    assert values("C2", evidence({"cnn-plain": dead, "cnn-bn": wide})) == {}


def test_clusters_are_those_of_k_means_and_of_the_mixture() -> None:
    found = values("C6", evidence({"vgg11-bn": Variant(0.8, clusters=(0.7, 0.4))}))
    assert found == pytest.approx({"clusters follow the label": 0.7, "mixture differs": 0.4})


def test_clusters_of_a_network_that_is_not_well_trained_are_not_judged() -> None:
    judged = judge(CLAIM["C6"], evidence({"vgg11-bn": Variant(0.7, clusters=(0.3, 0.6))}))
    assert judged.verdict == "not judged"


def test_maps_lie_on_the_object_if_maximum_and_overlap_beat_the_centre() -> None:
    found = values("C7", evidence({"vgg11-bn": Variant(findings=on_object(0.2, 0.1))}))
    assert found == pytest.approx({"maximum": 0.2, "overlap": 0.1})


@pytest.mark.parametrize("methods", [{}, {"HiResCAM": MethodLocalisation(*map(interval, (0.5, 0.5, 0.2, 0.2)))}])
def test_without_grad_cam_s_maps_nothing_is_known_of_where_they_lie(methods: Mapping[str, MethodLocalisation]) -> None:
    def findings(off: float) -> Mapping[str, Any]:
        return {"localisation": Localisation(90, 10, 0.2, methods)}

    assert values("C7", evidence({"vgg11-bn": Variant(findings=findings)})) == {}
    assert values("C7", evidence({"vgg11-bn": Variant(findings=lambda off: {})})) == {}


def test_filters_gain_order_and_orientation_by_training() -> None:
    gains = {"cnn-plain": filtering(0.1, 0.2), "cnn-bn": filtering(0.3, 0.5)}
    found = values("C9", evidence({name: Variant(findings=one) for name, one in gains.items()}))
    assert found == pytest.approx(
        {"spectrum of cnn-bn": 0.3, "orientation of cnn-bn": 0.5, "cnn-bn against cnn-plain": 0.3}
    )


def test_depth_is_read_from_the_first_to_the_last_convolution() -> None:
    def findings(off: float) -> Mapping[str, Any]:
        rises = (0.0, 9.0, 1.0)  # what lies between does not matter
        rows = [
            LayerReadout(f"conv{k}", interval(0.1 + r + off), 0.2 + 2 * r, 0.9 - 0.3 * r, 0.8 - 0.4 * r)
            for k, r in enumerate(rises)
        ]
        return {"depth": tuple(rows)}

    found = values("H6", evidence({"alexnet": Variant(findings=findings)}))
    assert found == pytest.approx({"classes": 1, "selectivity": 2, "orientation": -0.3, "colour": -0.4})


def test_colours_of_a_network_for_grey_images_are_not_read() -> None:
    def findings(off: float) -> Mapping[str, Any]:
        return {"depth": tuple(LayerReadout(f"conv{k}", interval(0.1 + off), 0.2, 0.9, None) for k in range(2))}

    assert {*values("H6", evidence({"alexnet": Variant(findings=findings)}))} == {
        "classes",
        "selectivity",
        "orientation",
    }


def test_all_corruptions_belong_to_one_family() -> None:
    assert Counter(kind for family in FAMILIES.values() for kind in family) == Counter([*CORRUPTIONS])
    decisive = {test.key for test in CLAIM["H2"].tests if not test.control}
    assert decisive == {f"lenet5, {family}" for family in SHOWN}


def test_robustness_is_that_to_the_family_s_own_corruptions() -> None:
    lost = {kind: 0.1 * k for k, family in enumerate(FAMILIES.values()) for kind in family}
    found = values("H2", evidence({"lenet5": Variant(0.97, lost=lost)}))
    expected = {f"lenet5, {family}": 0.1 * k for k, family in enumerate(FAMILIES)}
    assert found == pytest.approx(expected, abs=0.01)  # of the clean images, which the seeds do not share entirely


def test_look_alikes_are_counted_among_two_and_five_answers() -> None:
    found = values("H8", evidence({"alexnet": Variant(0.8, (0.8, 0.15, 0.01), (0.1, 0.01, 0.8))}))
    by_chance = 1 / 9  # where right, the second answer is the look-alike; where wrong, none of five is
    assert found == pytest.approx({"top 2": 0.8 - by_chance, "top 5": 0.8 / 4 - by_chance})


def test_depth_without_shortcuts_is_compared_by_training_error() -> None:
    both = {"plain-56": Variant(epochs=ended(0.3)), "residual-56": Variant(epochs=ended(0.1))}
    assert values("Z3", evidence(both)) == {"skip connections": pytest.approx(0.2)}
    assert values("Z3", evidence({name: Variant() for name in both})) == {}  # no epochs are known


def test_costs_are_the_least_ratio_of_multiply_accumulates() -> None:
    rows = [{"standard": {"macs": a}, "separable": {"macs": b}} for a, b in ((9, 1), (8, 2), (9, 2))]
    designs = [{"plain": {"macs": a}, "reduced": {"macs": b}} for a, b in ((6, 2), (5, 2))]
    found = Evidence({}, costs={"separable": rows, "designs": designs})
    assert (zoo.separable_saving(found), zoo.bottleneck_saving(found)) == (4, 2.5)
    assert (zoo.separable_saving(Evidence({})), zoo.bottleneck_saving(Evidence({}))) == (None, None)
    judged = {one.test.key: one for one in judge(CLAIM["Z3"], found).answers}
    assert judged["cost of bottlenecks"].verdict == "reproduced"
    worse = Evidence({}, costs={"designs": [{"plain": {"macs": 3}, "reduced": {"macs": 4}}]})
    assert {one.test.key: one.verdict for one in judge(CLAIM["Z3"], worse).answers}[
        "cost of bottlenecks"
    ] == "contradicted"


def test_a_second_seed_is_shown_beside_the_hybrid() -> None:
    accuracy, more = judge(CLAIM["Z2"], evidence({"zoo-hybrid": 0.9, "zoo-vit": 0.8})).answers
    assert (more.test.control, more.test.overturns) == (True, True)
    assert accuracy.measured is not None
    assert more.measured is not None
    assert accuracy.measured.quantity.value == pytest.approx(0.1)
    assert more.measured.quantity.value == pytest.approx(0.9, abs=0.02)  # of the errors, which the seeds share
    assert (more.measured.images, more.measured.runs) == (2_000, (3, 3))


def test_the_claim_on_families_needs_both_to_lead_somewhere() -> None:
    pairs = {"fashion-vit": 0.8, "fashion-cnn": 0.9, "zoo-vit": 0.9, "zoo-resnet": 0.85}
    found = values("Z1", evidence(pairs))
    assert found == pytest.approx({"a transformer leads somewhere": 0.05, "a CNN leads somewhere": 0.1})
    assert judge(CLAIM["Z1"], evidence(pairs)).verdict == "reproduced"  # the missing ones take nothing away
    only = judge(CLAIM["Z1"], evidence({"fashion-vit": 0.8, "fashion-cnn": 0.9}))
    assert {one.test.key: one.verdict for one in only.answers} == {
        "a transformer leads somewhere": "inconclusive",  # it may where nothing was run
        "a CNN leads somewhere": "reproduced",
    }
