"""The claims of the study of regularisation: a simple CNN and VGG11 on CIFAR-10."""

import math
from itertools import pairwise

from lookalike.artifacts.seed_findings import SeedFindings
from lookalike.claims.claim import Claim, Rule, Test, above, below, within
from lookalike.claims.evidence import StudyEvidence
from lookalike.claims.measures import (
    alone,
    gain,
    log_instability,
    mean_of_seeds,
    more_accurate,
    of_every_seed,
    of_explanation,
    of_history,
)
from lookalike.claims.quantities import SeedValue, fitting_gap_terms, seed_value, train_accuracy_terms

STUDY = "cifar"
CHANCE = 0.1
POINT = 0.01
ORDERED = 0.05  # the smallest difference of an index between 0 and 1 that matters
WELL_TRAINED = 0.75  # accuracy: the report calls about 80 % well trained
LADDER = ("cnn-plain", "cnn-bn", "cnn-bn-l2", "cnn-bn-l2-aug")
WITH_BATCH_NORM = ("vgg11-bn", "vgg11-bn-dropout", "vgg11-bn-aug")
WITH_AND_WITHOUT = (("cnn-plain", "cnn-bn"), ("vgg11-plain", "vgg11-bn"))
GAP = "accuracy on training images minus accuracy on validation images, both as they are and in evaluation mode"
CAM = "Grad-CAM"  # CAM itself needs a network that ends in global pooling and one dense layer


def gap_test(more: str, less: str) -> Test:
    """The test of whether the gap of one variant is smaller than that of another."""
    return Test(
        f"gap of {more} against {less}",
        f"{GAP}: {less} minus {more}",
        above(POINT),
        gain(less, more, fitting_gap_terms),
        (more, less),
        f"the gap of {more} is {{}} smaller|larger than that of {less}",
    )


def l2_tests(name: str) -> tuple[Test, ...]:
    """The tests of the claim on L2, for one of the variants that may be meant."""
    underfits = Test(
        f"{name} underfits",
        f"accuracy on training images, in evaluation mode, vgg11-bn minus {name}",
        above(POINT),
        gain("vgg11-bn", name, train_accuracy_terms),
        ("vgg11-bn", name),
        f"on training images {name} is {{}} less|more accurate than vgg11-bn",
    )
    tests = (*(gap_test(name, other) for other in WITH_BATCH_NORM), underfits)
    return tuple(Test(**{**vars(test), "reading": name}) for test in tests)


def regularisation_tests(name: str) -> tuple[Test, Test]:
    """The tests of what dropout or augmentation adds to batch norm."""
    return gap_test(name, "vgg11-bn"), more_accurate(name, "vgg11-bn", -POINT, f"accuracy of {name}")


def spread_of_activations(seed: SeedFindings) -> SeedValue | None:
    """The mean over convolutions of the logarithm of the deviation of what enters ReLU, after training."""
    deviations = list((seed.deviations or {}).get("trained", {}).values())
    if not deviations or min(deviations) <= 0:
        return None
    return SeedValue(sum(map(math.log, deviations)) / len(deviations))


def activation_spread_test(without: str, with_batch_norm: str) -> Test:
    """The test of whether a network's activations are narrower with batch norm than without."""
    return Test(
        with_batch_norm,
        f"standard deviation of what enters ReLU, {with_batch_norm} as a multiple of {without} at the same layers "
        "after training, geometric mean over layers and seeds",
        below(1),
        mean_of_seeds(of_explanation(spread_of_activations), with_batch_norm, without),
        (without, with_batch_norm),
        f"the activations of {with_batch_norm} are {{}} as wide as those of {without}",
        scale="times",
        at_chance=("vgg11-plain",),
    )


def order_gained(seed: SeedFindings) -> SeedValue | None:
    """By how much training lowers the spectral entropy of the first filters."""
    entropy = seed.filters and seed.filters.spectral_entropy
    return SeedValue(entropy.untrained - entropy.trained) if entropy else None


def orientation_gained(seed: SeedFindings) -> SeedValue | None:
    """By how much training makes the first filters more selective for orientation."""
    selectivity = seed.filters and seed.filters.selectivity
    return SeedValue(selectivity.trained - selectivity.untrained) if selectivity else None


def filter_tests(without: str, with_batch_norm: str) -> tuple[Test, ...]:
    """The tests of whether filters are clearer after training, and clearest with batch norm."""
    both = (without, with_batch_norm)
    asked = (
        ("spectrum", "spectral entropy", "untrained minus trained", "lowers|raises", order_gained),
        ("orientation", "orientation selectivity", "trained minus untrained", "raises|lowers", orientation_gained),
    )
    return (
        *(
            Test(
                f"{key} of {with_batch_norm}",
                f"{quantity} of the first filters of {with_batch_norm}, {order}",
                above(ORDERED),
                mean_of_seeds(of_explanation(gained), with_batch_norm),
                (with_batch_norm,),
                f"training {verb} the {quantity} of {with_batch_norm}'s first filters by {{}}",
                scale="number",
            )
            for key, quantity, order, verb, gained in asked
        ),
        Test(
            f"{with_batch_norm} against {without}",
            f"gain of orientation selectivity by training, {with_batch_norm} minus {without}",
            above(0),
            mean_of_seeds(of_explanation(orientation_gained), with_batch_norm, without),
            both,
            f"training adds {{}} more|less orientation selectivity to {with_batch_norm} than to {without}",
            scale="number",
            at_chance=("vgg11-plain",),
        ),
    )


def agreement_test(clustering: str) -> Test:
    """The test of how well one clustering of the features agrees with the classes."""
    words = {"k_means": "k-means clusters", "mixture_by_class": "a mixture with one Gaussian per class"}[clustering]

    def values(study: StudyEvidence, name: str) -> list[SeedValue] | None:
        embedding = study.embeddings.get(name)
        return (
            of_every_seed([seed_value(getattr(one, clustering)) for one in embedding.agreements]) if embedding else None
        )

    return Test(
        "clusters follow the label" if clustering == "k_means" else "mixture differs",
        f"adjusted Rand index of labels and {words} of vgg11-bn's vectors",
        above(0.5) if clustering == "k_means" else below(0.9),
        mean_of_seeds(values, "vgg11-bn"),
        ("vgg11-bn",),
        f"labels and {words} agree with an index of {{}}",
        scale="number",
        trained=WELL_TRAINED,
    )


def localisation_test(key: str, words: str, field: str) -> Test:
    """The test of how much better than a Gaussian in the centre the maps lie on the object."""

    def over_centre(seed: SeedFindings) -> SeedValue | None:
        localised = seed.localisation and seed.localisation.methods.get(CAM)
        return seed_value(getattr(localised, field)) if localised else None

    return Test(
        key,
        f"{words} of vgg11-bn's {CAM} and GrabCut's mask of the object, minus that of a Gaussian in the centre",
        above(5 * POINT),
        mean_of_seeds(of_explanation(over_centre), "vgg11-bn"),
        ("vgg11-bn",),
        f"the {words} is {{}} higher|lower than that of a Gaussian in the centre",
    )


CLAIMS = (
    Claim(
        "C1",
        STUDY,
        "Plain VGG11 does not train; batch norm makes it.",
        "table of test accuracies and learning curves",
        "about 10 % against about 80 %",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "1c77e80a7da0"),
        (
            Test(
                "plain",
                "test accuracy of vgg11-plain minus chance",
                within(2 * POINT),
                alone("vgg11-plain", minus=CHANCE),
                ("vgg11-plain",),
                "vgg11-plain is {} above|below chance",
                at_chance=("vgg11-plain",),
            ),
            Test(
                "batch norm",
                "test accuracy, vgg11-bn minus vgg11-plain",
                above(10 * POINT),
                gain("vgg11-bn", "vgg11-plain"),
                ("vgg11-plain", "vgg11-bn"),
                "vgg11-bn is {} more|less accurate than vgg11-plain",
                at_chance=("vgg11-plain",),
            ),
        ),
    ),
    Claim(
        "C2",
        STUDY,
        "Batch norm narrows the activations.",
        "histograms of activations before and after",
        "a picture",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "bd9252c74690"),
        tuple(activation_spread_test(*pair) for pair in WITH_AND_WITHOUT),
    ),
    Claim(
        "C3",
        STUDY,
        "Batch norm, L2 and augmentation each narrow the simple CNN's gap between training and validation.",
        "learning curves",
        "pictures",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "4807622ca262"),
        tuple(gap_test(more, less) for less, more in pairwise(LADDER)),
    ),
    Claim(
        "C4",
        STUDY,
        "The three variants with batch norm end within a point or two of 80 %.",
        "table of test accuracies",
        "about 80 % each",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "04eb95794306"),
        tuple(
            Test(
                name,
                f"test accuracy of {name} minus 80 %",
                within(2 * POINT),
                alone(name, minus=0.8),
                (name,),
                f"{name} ends {{}} above|below 80 %",
            )
            for name in WITH_BATCH_NORM
        ),
    ),
    Claim(
        "C5",
        STUDY,
        "L2 has the smallest gap and underfits.",
        "learning curves; whether with batch norm is not said",
        "a picture",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "bd5505bda357"),
        tuple(test for name in ("vgg11-l2", "vgg11-bn-l2") for test in l2_tests(name)),
    ),
    Claim(
        "C6",
        STUDY,
        "The vectors of well trained models cluster by label; the mixture's clusters differ from the labels.",
        "t-SNE by label and by cluster",
        "pictures",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "e6a13488ddd7"),
        (agreement_test("k_means"), agreement_test("mixture_by_class")),
    ),
    Claim(
        "C7",
        STUDY,
        "The CAM lies on the object.",
        "CAM of one plane",
        "one picture",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "74abb66ccf5e"),
        (
            localisation_test("maximum", "share of maxima on the object", "hits_over_centre"),
            localisation_test("overlap", "intersection over union", "iou_over_centre"),
        ),
    ),
    Claim(
        "C8",
        STUDY,
        "A learning rate of 1e-3 is the most stable.",
        "learning curves",
        "a picture",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "77ae981ae7a1"),
        tuple(
            Test(
                name,
                f"variance of the validation loss about its trend over epochs: {name} as a multiple of vgg11-bn",
                above(1.5),
                mean_of_seeds(of_history(log_instability), name, "vgg11-bn"),
                (name, "vgg11-bn"),
                f"the validation loss of {name} varies {{}} as much as that of vgg11-bn",
                scale="times",
            )
            for name in ("vgg11-bn-lr2", "vgg11-bn-lralt")
        ),
    ),
    Claim(
        "C9",
        STUDY,
        "Trained first-layer filters are clearer than untrained ones, and clearest with batch norm.",
        "pictures of first-layer filters",
        "edges, horizontal and vertical",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "fcd6ae1388fb"),
        tuple(test for pair in WITH_AND_WITHOUT for test in filter_tests(*pair)),
    ),
    Claim(
        "C10",
        STUDY,
        "On top of batch norm, dropout or augmentation narrows the gap and costs no accuracy.",
        "conclusion: batch norm first, then one of these",
        "about 80 % each, less overfitting",
        Rule("2026-11-29", "7bfe933", "no", "eec7d3fb6340"),
        tuple(test for name in WITH_BATCH_NORM[1:] for test in regularisation_tests(name)),
    ),
)
