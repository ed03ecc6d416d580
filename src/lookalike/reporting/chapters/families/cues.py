"""The figure on what two families are right by: what they keep of their accuracy on images that keep some cues."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Condition
from lookalike.artifacts.test_sets import TestSet
from lookalike.evaluation.cues import keep_cue
from lookalike.families.findings import CueUse
from lookalike.reporting.chapters.families.parts import ChapterPart, FamilyComparison
from lookalike.reporting.document import Table, Words
from lookalike.reporting.figures.families import cues_figure
from lookalike.reporting.forms import points, shares, text
from lookalike.reporting.tables import Column, tabulate


def cue_part(compared: FamilyComparison) -> ChapterPart | None:
    """The accuracy of both families on images with some cues alone; None unless both were tested on such images."""
    uses = compared.findings.cues
    if not {*compared.both} <= uses.keys():
        return None
    first, second = compared.both
    conditions = uses[first].conditions
    alike = {name: one for name, one in uses.items() if one.conditions == conditions}
    if second not in alike:
        return None
    shown = compared.shown(alike)
    drawn = {name: alike[name] for name in shown}
    return ChapterPart(
        name="cues",
        claims=("L6", "L7", "L8"),
        words=Words(
            finding=cue_sentence(compared, drawn),
            how="Left: one test image in every condition; strength 3 is the strongest. Right: how much of its accuracy "
            "each variant keeps on such images; 100 % means that it does not need what was taken away.",
            alt="One image in every condition, and the share of its accuracy that each variant keeps in it",
            method="Silhouettes keep the outline alone, shuffled patches the parts without their order, a low-pass "
            "filter coarse and a high-pass filter fine structure, edges the contours. On the first test images of each "
            "class.",
        ),
        figure=cues_figure(condition_images(compared.study.test_set, conditions), drawn, looks=compared.looks(shown)),
        variants=shown,
        numbers=(kept_table(conditions, drawn), pair_cues_table(conditions, drawn)),
    )


def cue_sentence(compared: FamilyComparison, uses: Mapping[str, CueUse]) -> str:
    """The images on which the shares of accuracy that both variants keep differ most."""
    first, second = (uses[name] for name in compared.both)
    known = [
        (abs(ours.value - theirs.value), condition_text(condition), ours.value, theirs.value)
        for condition, ours, theirs in zip(first.conditions, first.kept, second.kept, strict=True)
        if ours is not None and theirs is not None and condition != ("", 0)
    ]
    if not known:
        return "Neither family is right on images as they are, so that no share of its accuracy can be kept."
    _, condition, ours, theirs = max(known)
    one, other = compared.families
    return (
        f"The families differ most on {condition}: the {one} keeps {100 * ours:.0f} % of its accuracy, the {other} "
        f"{100 * theirs:.0f} %."
    )


def condition_text(condition: Condition) -> str:
    kind, strength = condition
    words = {
        "": "images as they are",
        "silhouette": "silhouettes",
        "shuffled": f"{strength}×{strength} shuffled patches",
        "edges": f"edges (strength {strength})",
    }
    return words.get(kind, f"{kind} filtered images (strength {strength})")


def condition_images(test_set: TestSet, conditions: Sequence[Condition]) -> dict[Condition, NDArray[np.uint8]]:
    """The first test image, unchanged and with each cue that it can be reduced to."""
    image = test_set.images[:1]
    made = {(kind, strength): keep_cue(image, kind, strength, seed=0) for kind, strength in conditions if kind}
    return {("", 0): image[0]} | {condition: found[0] for condition, (found, usable) in made.items() if usable[0]}


def kept_table(conditions: Sequence[Condition], uses: Mapping[str, CueUse]) -> Table:
    """The accuracy of every variant in every condition, and what it keeps."""
    columns = [Column("images", "images", text), Column("difference, points", "difference", points)]
    columns += [Column(f"{name}, kept, %", f"kept {k}", shares, "high") for k, name in enumerate(uses)]
    columns += [Column(f"{name}, accuracy, %", f"accuracy {k}", shares, "high", k > 1) for k, name in enumerate(uses)]
    differences = next((one.difference for one in uses.values() if one.difference), (None,) * len(conditions))
    rows = [
        {"images": condition_text(condition), "difference": differences[k]}
        | {f"accuracy {v}": one.accuracy[k] for v, one in enumerate(uses.values())}
        | {f"kept {v}": one.kept[k] for v, one in enumerate(uses.values())}
        for k, condition in enumerate(conditions)
    ]
    note = "Difference: of the shares kept by the two compared variants, first − second."
    return tabulate("Accuracy by cue", columns, rows, note)


def pair_cues_table(conditions: Sequence[Condition], uses: Mapping[str, CueUse]) -> Table:
    """How often each variant prefers the right one of two look-alikes in every condition."""
    columns = [Column("pair", "pair", text), Column("images", "images", text)]
    columns += [Column(f"{name}, %", str(k), shares, "high") for k, name in enumerate(uses)]
    by_pair = zip(*(one.pairs for one in uses.values()), strict=True)
    rows = [
        {"pair": ", ".join(of_pair[0].pair), "images": condition_text(condition)}
        | {str(v): one.accuracy[k] for v, one in enumerate(of_pair)}
        for of_pair in by_pair
        for k, condition in enumerate(conditions)
    ]
    note = "Share of the pair's images whose own logit is above that of the other class; chance is 50 %."
    return tabulate("Choices between two look-alikes by cue", columns, rows, note)
