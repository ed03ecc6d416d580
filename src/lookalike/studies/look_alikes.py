"""This project's own hypotheses: how a CNN and a ViT tell look-alike classes apart.

Each was written down with its rule before the evidence that decides it was computed, except where `rules` says that an
earlier audit had seen the effect. The smallest differences that matter are those of the study's other claims; half a
hundredth of the area under the ROC curve is as much as half a point of accuracy.
"""

from collections.abc import Sequence

from lookalike.claims.claim import Claim, Rule, Test, above, away_from_zero, below, within
from lookalike.claims.measures import alone, gain
from lookalike.studies.fashion import ACCURACY, BOTH, CNN, CORRELATION, STUDY, VIT
from lookalike.studies.look_alike_measures import (
    accuracy_lost_without_cues,
    area_gain,
    between_over_within,
    faithfulness_gain,
    minus,
    probe_over_logits,
    study_averaging_gain,
    study_error_consistency,
    study_last_layers,
)

AREA, LOST = 0.005, 0.02  # of the ROC curve; and of the share of the accuracy that is lost
FEW = (f"{CNN}-1pct", f"{VIT}-1pct")
MODERN = (f"{CNN}-modern", f"{VIT}-modern")
POSITIONS = (f"{VIT}-pos", VIT)
CALLED_KNOWN = "this project's own hypothesis"
SHARED_METHODS = ("HiResCAM", "gradient x input", "integrated gradients", "SmoothGrad", "occlusion")
BETWEEN = "pairs of runs between the families minus pairs within them, all of different seeds"


def cue_loss_test(key: str, kind: str, strengths: Sequence[int], about: str, more: str, less: str) -> Test:
    """The test that one variant loses a larger share of its accuracy than another."""
    names = {CNN: "CNN", VIT: "ViT", POSITIONS[0]: "ViT with trained positions"}
    first, second = names[more], "ViT with random ones" if more == POSITIONS[0] else names[less]
    return Test(
        key,
        f"share of the accuracy that is lost on {about}, {first} minus {second}",
        above(LOST),
        gain(more, less, accuracy_lost_without_cues(kind, strengths)),
        (more, less),
        f"on {about} the {first} loses {{}} more|less of its accuracy than the {second}",
    )


CLAIMS = (
    Claim(
        "L1",
        STUDY,
        "A CNN and a ViT err on more different images than two runs of either do.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "741f9e6", "yes", "84ac4c6ea4d7"),
        (
            Test(
                "",
                f"error consistency (kappa) on test images, {BETWEEN}",
                below(-CORRELATION),
                between_over_within(*BOTH, study_error_consistency),
                BOTH,
                "kappa between the families is {} above|below that within them",
                "number",
            ),
        ),
    ),
    Claim(
        "L2",
        STUDY,
        "The fewer the training images, the more the families' errors differ.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "741f9e6", "yes", "18e58f832125"),
        (
            Test(
                "",
                f"kappa {BETWEEN}, with a hundredth of the training images minus with all of them",
                below(-CORRELATION),
                minus(
                    between_over_within(*FEW, study_error_consistency),
                    between_over_within(*BOTH, study_error_consistency),
                ),
                (*FEW, *BOTH),
                "with a hundredth of the images kappa's gap between the families is {} smaller|wider",
                "number",
            ),
        ),
    ),
    Claim(
        "L3",
        STUDY,
        "Averaging a CNN and a ViT gains more accuracy than averaging two runs of one of them.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "741f9e6", "yes", "325bac27b8c5"),
        (
            Test(
                "",
                f"accuracy of two averaged models over their mean accuracy, {BETWEEN}",
                above(ACCURACY),
                between_over_within(*BOTH, study_averaging_gain),
                BOTH,
                "averaging a CNN and a ViT gains {} more|less than averaging two of a kind",
            ),
        ),
    ),
    Claim(
        "L4",
        STUDY,
        "The CNN separates look-alike classes better than the ViT.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "402511fba88e"),
        (
            Test(
                "",
                "AUROC of the logit difference, mean over all pairs of look-alikes, CNN minus ViT",
                above(AREA),
                area_gain(*BOTH),
                BOTH,
                "the CNN's area under the ROC curve is {} larger|smaller",
            ),
        ),
    ),
    Claim(
        "L5",
        STUDY,
        "What a model misses of look-alikes its features miss too: a linear probe of them does no better than its own "
        "last layer.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "8497dbd5f59e"),
        tuple(
            Test(
                family,
                f"right choices between two look-alikes, linear probe of the features minus logits, {family}",
                within(ACCURACY),
                alone(name, probe_over_logits),
                (name,),
                f"a probe of the {family}'s features is right {{}} more|less often than its logits",
            )
            for family, name in (("CNN", CNN), ("ViT", VIT))
        ),
    ),
    Claim(
        "L6",
        STUDY,
        "The CNN relies on texture, the ViT on shape: on silhouettes the CNN loses more.",
        f"{CALLED_KNOWN}, after Tuli et al., CogSci 2021",
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "8a467e32851e"),
        (cue_loss_test("", "silhouette", (1,), "silhouettes", CNN, VIT),),
    ),
    Claim(
        "L7",
        STUDY,
        "The CNN relies on the order of parts more than the ViT: on shuffled patches it loses more; and a ViT with "
        "trained positions loses more than one with random ones.",
        f"{CALLED_KNOWN}, after Naseer et al., NeurIPS 2021",
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "b12f4db2a7f1"),
        (
            cue_loss_test("families", "shuffled", (2, 4, 7), "shuffled patches", CNN, VIT),
            cue_loss_test("positions", "shuffled", (2, 4, 7), "shuffled patches", *POSITIONS),
        ),
    ),
    Claim(
        "L8",
        STUDY,
        "The CNN uses fine structure, the ViT coarse: without high frequencies the CNN loses more, without low ones "
        "the ViT does.",
        f"{CALLED_KNOWN}, after Park & Kim, ICLR 2022",
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "233a53074059"),
        (
            cue_loss_test("coarse left", "low-pass", (1, 2, 3), "low-pass filtered images", CNN, VIT),
            cue_loss_test("fine left", "high-pass", (1, 2, 3), "high-pass filtered images", VIT, CNN),
        ),
    ),
    Claim(
        "L9",
        STUDY,
        "The recipe makes more difference than the family: trained by one modern recipe the ViT is as accurate as the "
        "CNN.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "c5e0c9f869cb"),
        (
            Test(
                "",
                "accuracy with the modern recipe, CNN minus ViT",
                within(ACCURACY),
                gain(*MODERN),
                MODERN,
                "with one modern recipe the CNN is {} more|less accurate than the ViT",
            ),
        ),
    ),
    Claim(
        "L10",
        STUDY,
        "Compared by one method at one resolution, the maps of one family are more faithful than those of the other.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "1c639ba4f392"),
        tuple(
            Test(
                method,
                f"gain of {method} maps over random ones on a grid of 7x7, CNN minus ViT",
                away_from_zero(CORRELATION),
                faithfulness_gain(*BOTH, method),
                BOTH,
                f"the CNN's {method} maps are {{}} more|less faithful than the ViT's",
                "number",
            )
            for method in SHARED_METHODS
        ),
    ),
    Claim(
        "L11",
        STUDY,
        "The last features of a CNN and a ViT are less alike than those of two runs of either.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "741f9e6", "yes", "dd917d9783a1"),
        (
            Test(
                "",
                f"linear CKA of the penultimate features, {BETWEEN}",
                below(-CORRELATION),
                between_over_within(*BOTH, study_last_layers),
                BOTH,
                "CKA between the families is {} above|below that within them",
                "number",
            ),
        ),
    ),
)
