"""By claim: invented variants whose evidence speaks for it, and variants whose evidence speaks against it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from claims.invented import (
    Variant,
    alike,
    bending,
    deepening,
    ended,
    faithful,
    filtering,
    on_object,
    reaching,
    wide,
)

from lookalike.data.corruptions import CORRUPTIONS, SHIFTS
from lookalike.studies.fashion import READINGS

Variants = dict[str, Variant | float]  # a number is an accuracy
Case = tuple[Variants, Variants]

FASHION = ("fashion-cnn", "fashion-vit")
ONE_PERCENT = ("fashion-cnn-1pct", "fashion-vit-1pct")
TEN_PERCENT = ("fashion-cnn-10pct", "fashion-vit-10pct")
MODERN = ("fashion-cnn-modern", "fashion-vit-modern")
LADDER = ("cnn-plain", "cnn-bn", "cnn-bn-l2", "cnn-bn-l2-aug")
RATES = ("vgg11-bn-lr2", "vgg11-bn-lralt")
REGULARISED = ("vgg11-bn-dropout", "vgg11-bn-aug")
WITHOUT_A_PART = ("alexnet-nolrn", "alexnet-nodropout", "alexnet-noaug")


def each(names: Sequence[str], values: Iterable[Variant | float]) -> Variants:
    return dict(zip(names, values, strict=True))


def all_of(names: Sequence[str], value: Variant | float) -> Variants:
    return dict.fromkeys(names, value)


def swapped(first: Any, second: Any, names: tuple[str, str] = FASHION) -> Case:
    """The first of two variants is as `first` and the second as `second`; and the other way round."""
    return each(names, (first, second)), each(names, (second, first))


def merged(one: Case, other: Case) -> Case:
    return one[0] | other[0], one[1] | other[1]


def fitted(train: float, valid: float, accuracy: float = 0.8) -> Variant:
    return Variant(accuracy, train=train, valid=valid)


def losing(share: float, *, kinds: Any = CORRUPTIONS) -> Variant:
    return Variant(0.97, lost=dict.fromkeys(kinds, share))


def sure(right: tuple[float, float, float], wrong: tuple[float, float, float], accuracy: float = 0.6) -> Variant:
    return Variant(accuracy, right, wrong)


def on_l2(l2: Variant) -> Variants:
    others = ("vgg11-bn", *REGULARISED)
    return all_of(others, fitted(0.95, 0.8)) | all_of(("vgg11-l2", "vgg11-bn-l2"), l2)


def with_filters(plain: Variant, normed: Variant) -> Variants:
    vgg11 = {"vgg11-plain": replace(plain, accuracy=0.1), "vgg11-bn": normed}
    return vgg11 | {"cnn-plain": plain, "cnn-bn": normed}


def of_families(cnn: float, vit: float) -> Variants:
    """Accuracies of both families wherever they are compared."""
    fashion = (each(names, (cnn, vit)) for names in (FASHION, TEN_PERCENT, ONE_PERCENT))
    found: Variants = {name: one for variants in fashion for name, one in variants.items()}
    return found | {"zoo-vit": vit, "zoo-resnet": cnn}


def ideas(plain: float, residual: float) -> Variants:
    zoo = all_of(("zoo-mobilenet", "zoo-googlenet", "zoo-resnet", "zoo-efficientnet"), 0.8)
    return zoo | {"plain-56": Variant(0.7, epochs=ended(plain)), "residual-56": Variant(0.8, epochs=ended(residual))}


SPREAD, NARROW = sure((0.7, 0.2, 0.05), (0.05, 0.6, 0.3)), sure((0.7, 0.05, 0.2), (0.2, 0.6, 0.05))
AS_SURE = sure((0.93, 0.03, 0.01), (0.03, 0.63, 0.3), 0.9)  # as it is right: 90 %
SMALL_LOSS, LARGE_LOSS = losing(0.05, kinds=SHIFTS), losing(0.5, kinds=SHIFTS)
GAPS = [fitted(0.95 - 0.05 * k, 0.75) for k in range(4)]
MAPS = (*READINGS.values(),)
APART, SAME = (Variant(), Variant()), (Variant(draw=1), Variant(draw=1))
PATCHES, NO_PATCHES = Variant(cues={"shuffled": 0.5}), Variant(cues={"shuffled": 0.2})
COARSE, FINE = (Variant(cues={"low-pass": low, "high-pass": high}) for low, high in ((0.5, 0.2), (0.2, 0.5)))

CASES: dict[str, Case] = {
    "L1": (each(FASHION, APART), each(FASHION, SAME)),
    "L2": (each(ONE_PERCENT, APART) | each(FASHION, SAME), each(ONE_PERCENT, SAME) | each(FASHION, APART)),
    "L3": (each(FASHION, APART), each(FASHION, SAME)),
    "L4": swapped(0.95, 0.85),
    "L5": (all_of(FASHION, Variant(0.9, probe=0.901)), all_of(FASHION, Variant(0.9, probe=0.95))),
    "L6": swapped(Variant(cues={"silhouette": 0.5}), Variant(cues={"silhouette": 0.2})),
    "L7": (
        {"fashion-cnn": PATCHES, "fashion-vit": NO_PATCHES, "fashion-vit-pos": PATCHES},
        {"fashion-cnn": NO_PATCHES, "fashion-vit": PATCHES, "fashion-vit-pos": NO_PATCHES},
    ),
    "L8": swapped(COARSE, FINE),
    "L9": (each(MODERN, (Variant(0.93, draw=1), Variant(0.931, draw=1))), each(MODERN, (0.93, 0.9))),
    "L10": (
        each(FASHION, (Variant(findings=faithful(0.4)), Variant(findings=faithful(0.1)))),
        all_of(FASHION, Variant(findings=faithful(0.4))),
    ),
    "L11": (each(FASHION, (Variant(layers=1), Variant(layers=2))), all_of(FASHION, Variant(layers=1))),
    "F1": swapped(0.92, 0.9),
    "F2": swapped(Variant(photographs=0.3), Variant(photographs=0.5)),
    "F3": swapped(SPREAD, NARROW),
    "F4": swapped(SPREAD, NARROW),
    "F5": (each(FASHION, (sure((0.95, 0.03, 0.01), (0.3, 0.6, 0.05)), NARROW)), all_of(FASHION, AS_SURE)),
    "F6": ({"fashion-vit": Variant(findings=alike(MAPS, 0.3))}, {"fashion-vit": Variant(findings=alike(MAPS, 0.0))}),
    "F7": merged(swapped(0.8, 0.7, ONE_PERCENT), swapped(0.8, 0.7, TEN_PERCENT)),
    "C1": ({"vgg11-plain": 0.1, "vgg11-bn": 0.8}, {"vgg11-plain": 0.5, "vgg11-bn": 0.8}),
    "C2": (
        with_filters(Variant(findings=wide(2.0)), Variant(findings=wide(1.0))),
        with_filters(Variant(findings=wide(1.0)), Variant(findings=wide(2.0))),
    ),
    "C3": (each(LADDER, GAPS), each(LADDER, GAPS[::-1])),
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
        {"vgg11-bn": Variant(epochs=bending(0.1))} | all_of(RATES, Variant(epochs=bending(0.5))),
        all_of(("vgg11-bn", *RATES), Variant(epochs=bending(0.1))),
    ),
    "C9": (
        with_filters(Variant(findings=filtering(0.1, 0.1)), Variant(findings=filtering(0.1, 0.2))),
        with_filters(Variant(findings=filtering(0.1, 0.2)), Variant(findings=filtering(0.1, 0.1))),
    ),
    "C10": (
        {"vgg11-bn": fitted(0.95, 0.8)} | all_of(REGULARISED, fitted(0.85, 0.82, 0.82)),
        {"vgg11-bn": fitted(0.95, 0.8)} | all_of(REGULARISED, fitted(0.95, 0.8, 0.7)),
    ),
    "Z1": (of_families(0.9, 0.8) | {"zoo-vit": 0.9, "zoo-resnet": 0.8}, of_families(0.9, 0.8)),
    "Z2": swapped(0.9, 0.8, ("zoo-hybrid", "zoo-vit")),
    "Z3": (ideas(0.3, 0.1), ideas(0.1, 0.3)),
    "H1": ({"lenet5": 0.9905}, {"lenet5": 0.98}),
    "H2": (all_of(("lenet5", "mnist-net"), losing(0.05)), all_of(("lenet5", "mnist-net"), losing(0.3))),
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
    "H4": ({"alexnet": 0.8} | all_of(WITHOUT_A_PART, 0.7), {"alexnet": 0.7} | all_of(WITHOUT_A_PART, 0.8)),
    "H5": swapped(0.8, 0.7, ("cnn-3x3-3x3", "cnn-5x5")),
    "H6": (
        {"alexnet": Variant(findings=deepening(0.3, 0.3, -0.2, -0.1))},
        {"alexnet": Variant(findings=deepening(0.3, 0.3, 0.2, 0.1))},
    ),
    "H7": ({"lenet5": SMALL_LOSS, "mnist-mlp": LARGE_LOSS}, {"lenet5": LARGE_LOSS, "mnist-mlp": LARGE_LOSS}),
    "H8": (
        {"alexnet": Variant(0.8, (0.8, 0.15, 0.01), (0.1, 0.01, 0.8))},
        {"alexnet": Variant(0.95, (0.8, 0.001, 0.1), (0.2, 0.7, 0.01))},
    ),
    "H9": (
        {"lenet5": 0.98, "mnist-mlp": 0.95, "lenet5-permuted": 0.94, "mnist-mlp-permuted": 0.95},
        {"lenet5": 0.98, "mnist-mlp": 0.95, "lenet5-permuted": 0.97, "mnist-mlp-permuted": 0.95},
    ),
    "H10": swapped(0.99, 0.98, ("lenet5", "lenet1")),
}
