"""What the figures of embeddings show, taken from the drawn objects themselves."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from drawn import dots, ticks
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import rgb_to_hsv
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.artifacts.embeddings import Embedding
from lookalike.reporting.figures.embeddings import (
    CLUSTERINGS,
    PARTITIONS,
    SCORES,
    Classes,
    ProjectedImages,
    agreement_figure,
    class_looks,
    cluster_look,
    cluster_table_figure,
    embedding_figure,
    embedding_figures,
    main_scores,
    shade,
    sweep_figure,
)
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.style import BLUE, PALETTE

NAMES = ("T-shirt/top", "Trouser", "Pullover", "Coat", "Ankle boot", "Sneaker")
CLASSES = Classes(NAMES, np.array([0, 1, 0, 0, 2, 2]), ("tops", "bottoms", "shoes"))


def points(images: int = 120, *, spread: float = 10) -> ProjectedImages:
    rng = np.random.default_rng(0)
    labels = np.arange(images) % len(NAMES)
    tsne = rng.normal(size=(len(NAMES), 2))[labels] * spread + rng.normal(size=(images, 2))
    return ProjectedImages(rng.normal(size=(images, 2)), tsne, labels, np.array([0, 1, 3])[labels % 3])


def legend(figure: Figure) -> list[str]:
    (drawn,) = figure.legends
    return [text.get_text() for text in drawn.get_texts()]


def test_the_same_points_are_drawn_by_class_by_group_and_by_cluster() -> None:
    shown = points()
    figure = embedding_figure(shown, CLASSES, "k-means")
    panels: list[tuple[NDArray[Any], NDArray[Any]]] = [
        (shown.pca, shown.labels),
        (shown.tsne, shown.labels),
        (shown.tsne, CLASSES.group_of[shown.labels]),
        (shown.tsne, shown.clusters),
    ]
    for axes, (places, numbers) in zip(figure.axes, panels, strict=True):
        for k, line in enumerate(axes.lines):
            np.testing.assert_array_equal(line.get_xydata(), places[numbers == k])
    assert [len(axes.lines) for axes in figure.axes] == [6, 6, 3, 4]
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["PCA, by class", "t-SNE, by class", "t-SNE, by group", "t-SNE, by k-means"]
    assert figure.axes[0].get_xlabel() == "principal component 1"
    assert {axes.get_ylabel() for axes in figure.axes[1:]} == {"t-SNE 2 (no unit)"}


def test_both_directions_of_a_map_have_one_scale_and_no_ticks() -> None:
    for axes in embedding_figure(points(), CLASSES, "k-means").axes:
        widths = [high - low for low, high in (axes.get_xlim(), axes.get_ylim())]
        assert widths[0] == pytest.approx(widths[1])
        assert axes.get_box_aspect() == 1
        assert [*axes.get_xticks(), *axes.get_yticks()] == []


def test_names_stand_at_the_medians_of_their_points() -> None:
    shown = points(spread=100)
    *_, by_class, by_group, by_cluster = embedding_figure(shown, CLASSES, "k-means").axes
    written = {text.get_text(): text.get_position() for text in by_class.texts}
    assert written == {
        name: pytest.approx(np.median(shown.tsne[shown.labels == k], axis=0)) for k, name in enumerate(NAMES)
    }
    assert [text.get_text() for text in by_group.texts] == list(CLASSES.group_names)
    assert [text.get_text() for text in by_cluster.texts] == ["0", "1", "3"]  # no image is in cluster 2


@pytest.mark.parametrize("spread", [0, 1, 3])
def test_no_name_covers_another(spread: float) -> None:
    shown = points(spread=spread)
    figure = embedding_figure(shown, CLASSES, "k-means")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for axes in figure.axes:
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_a_name_that_had_to_move_is_tied_to_its_median() -> None:
    shown = points(spread=0)
    axes = embedding_figure(shown, CLASSES, "k-means").axes[1]
    (lines,) = axes.collections
    assert isinstance(lines, LineCollection)
    medians = np.array([np.median(shown.tsne[shown.labels == k], axis=0) for k in range(len(NAMES))])
    ends = [[text.get_position(), median] for text, median in zip(axes.texts, medians, strict=True)]
    np.testing.assert_allclose(np.array(lines.get_segments()), ends)
    moved = np.ptp(np.array(ends)[:, :, 1], axis=1) > 0
    assert 0 < moved.sum() < len(NAMES)


def test_classes_of_a_group_are_shades_of_one_hue_from_dark_to_light() -> None:
    drawn = class_looks(CLASSES)
    hues, _, _ = rgb_to_hsv([look["color"] for look in drawn.values()]).T
    np.testing.assert_allclose(hues[[2, 3, 5]], hues[[0, 0, 4]])
    assert len(set(np.round(hues, 3))) == len(CLASSES.group_names)
    tops = [sum(drawn[name]["color"]) for name in ("T-shirt/top", "Pullover", "Coat")]
    assert np.all(np.diff(tops) > 0.4)
    assert len({look["marker"] for look in drawn.values()}) == len(NAMES)
    assert drawn["Trouser"]["color"] == shade(PALETTE[1], 0)


def test_no_two_of_twenty_clusters_look_the_same() -> None:
    assert len({cluster_look(k)["color"] for k in range(20)}) == 20


@pytest.mark.parametrize(("tone", "mixed"), [(-1, (0, 0, 0)), (0, (0, 114, 178)), (1, (255, 255, 255))])
def test_shades_go_from_black_over_the_colour_to_white(tone: float, mixed: tuple[int, ...]) -> None:
    assert shade(BLUE, tone) == pytest.approx([part / 255 for part in mixed])


TABLE = np.array([[0, 2, 8], [0, 0, 0], [0, 1200, 0], [0, 3, 9], [5, 4, 1]])


def test_clusters_are_sorted_by_their_largest_class() -> None:
    axes, bar = cluster_table_figure(TABLE.tolist(), ("cat", "dog", "fox"), "k-means").axes
    order = [4, 1, 2, 3, 0]
    assert ticks(axes) == ["4 (10)", "1 (0)", "2 (1,200)", "3 (12)", "0 (10)"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["cat", "dog", "fox"]
    written = np.array([text.get_text() for text in axes.texts]).reshape(TABLE.shape)
    np.testing.assert_array_equal(written, [[f"{count:,}" for count in TABLE[k]] for k in order])
    np.testing.assert_allclose(
        np.ma.asarray(axes.images[0].get_array()), TABLE[order] / np.array([10, 1, 1200, 12, 10])[:, None]
    )
    assert [axes.get_title(loc="left"), bar.get_xlabel()] == ["k-means", "share of the cluster"]


SWEEP = [
    {"components": size, "covariance": covariance, "bic": bic, "converged": converged}
    for size, covariance, bic, converged in [
        (5, "full", 900.0, True),
        (5, "diag", 950.0, True),
        (10, "full", 800.0, False),
        (10, "diag", 820.0, True),
        (20, "diag", 870.0, False),
    ]
]


def test_bic_is_drawn_by_covariance_with_the_chosen_mixture_marked() -> None:
    figure = sweep_figure(SWEEP, {"components": 10, "covariance": "diag"})
    (axes,) = figure.axes
    full, full_hollow, diag, diag_hollow, chosen, _ = (np.array(line.get_xydata()).tolist() for line in axes.lines)
    assert [full, diag] == [[[5, 900], [10, 800]], [[5, 950], [10, 820], [20, 870]]]
    assert [full_hollow, diag_hollow] == [[[10, 800]], [[20, 870]]]
    assert {axes.lines[k].get_markerfacecolor() for k in (1, 3)} == {"white"}
    assert chosen == [[10, 820]]
    assert legend(figure) == ["full", "diag", "chosen", "did not converge"]
    assert axes.get_xticks().tolist() == [5, 10, 20]
    assert axes.get_ylabel() == "BIC (lower is better)"


def clusterings(base: float) -> dict[str, Any]:
    """Each score another number, so that none can stand for another."""
    values = iter(base + 0.01 * np.arange(100))
    return {
        name: {part: {score: estimate(next(values)) for score in ("v_measure", *SCORES)} for part in PARTITIONS}
        for name in CLUSTERINGS
    }


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.02}


VARIANTS = {"cnn": clusterings(0.1), "vit": clusterings(0.5)}


def test_agreement_is_drawn_by_score_with_classes_above_groups() -> None:
    figure = agreement_figure(VARIANTS)
    panels = [(partition, score) for partition in PARTITIONS for score in SCORES]
    for axes, (partition, score) in zip(figure.axes, panels, strict=True):
        for name, drawn in zip(CLUSTERINGS, dots(axes), strict=True):
            expected = [variant[name][partition][score] for variant in VARIANTS.values()]
            np.testing.assert_allclose(drawn[:, :3], [[e["value"], e["low"], e["high"]] for e in expected])
            np.testing.assert_array_equal(np.round(drawn[:, 3]), [0, 1])
        assert axes.get_title(loc="left") == f"{SCORES[score]}\nwith {PARTITIONS[partition]}"
    assert ticks(figure.axes[0]) == list(VARIANTS)
    assert legend(figure)[-1] == "mixture on the t-SNE map (control)"


def test_a_variant_is_drawn_with_the_chosen_mixture() -> None:
    shown, chosen = points(), {"components": 10, "covariance": "diag"}
    table = np.arange(24).reshape(4, 6)
    found = {"sweep": SWEEP, "chosen": chosen, "clusterings": {"mixture": {"table": table.tolist()}}}
    indices = np.arange(120) * 2 + 1  # every other of twice as many test images
    labels = np.zeros(240, np.int64)
    labels[indices] = shown.labels
    components = np.column_stack([shown.pca, np.ones(120)])
    embedding = Embedding(found, indices, components, shown.tsne, {"mixture": shown.clusters.astype(np.int64)})
    drawn = embedding_figures(embedding, labels, CLASSES)
    directly = {
        "map": embedding_figure(shown, CLASSES, "mixture: 10 components, diag"),
        "clusters": cluster_table_figure(
            table[:, [0, 2, 3, 1, 4, 5]],
            ("T-shirt/top", "Pullover", "Coat", "Trouser", "Ankle boot", "Sneaker"),
            "mixture: 10 components, diag",
        ),
        "sweep": sweep_figure(SWEEP, chosen),
    }
    assert list(drawn) == list(directly)
    for name, figure in directly.items():
        assert to_png(drawn[name]) == to_png(figure)


def test_the_main_scores_are_those_of_the_map_and_of_one_gaussian_a_class() -> None:
    found = {"trustworthiness": 0.9, "clusterings": VARIANTS["cnn"]}
    by_class = VARIANTS["cnn"]["mixture_by_class"]["labels"]
    assert main_scores(found) == {"trustworthiness": 0.9, **{name: by_class[name]["value"] for name in SCORES}}


def draw_all() -> list[Figure]:
    return [
        embedding_figure(points(), CLASSES, "k-means"),
        cluster_table_figure(TABLE, ("cat", "dog", "fox"), "k-means"),
        sweep_figure(SWEEP, {"components": 5, "covariance": "full"}),
        agreement_figure(VARIANTS),
    ]


def test_the_same_picture_is_the_same_bytes() -> None:
    for one, other in zip(draw_all(), draw_all(), strict=True):
        assert to_png(one) == to_png(other)
