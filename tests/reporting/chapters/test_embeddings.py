"""Clusters in feature space: scores of all that was embedded, and the maps of the focus variants."""

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from blocks import figures, header, prose, rows, shown, titles
from small_study import CNN, FEW, FIGURES, LABELS, SmallStudy, write_embedding

from lookalike.reporting.chapters.embeddings import (
    agreement_sentence,
    cluster_words,
    embeddings_chapter,
    feature_map_words,
    sweep_words,
)
from lookalike.reporting.chapters.sentences import NOTHING
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.figures.embeddings import CLUSTERINGS
from lookalike.reporting.forms import number

Json = dict[str, Any]
SCORE = "0.32 (0.20 to 0.40)"
DRAWN = {f"{CNN}-{kind}": f"{FIGURES}/{CNN}/{kind}" for kind in ("map", "clusters", "sweep")}


def with_embedded(results: StudyResults, embedded: Json) -> StudyResults:
    return replace(results, measurements=replace(results.measurements, embeddings=embedded))


def test_clusters_stand_with_their_scores(results: StudyResults, drawn: Json) -> None:
    both = with_embedded(results, results.measurements.embeddings | {FEW: results.measurements.embeddings[CNN]})
    agreement = figures(embeddings_chapter(both))["fashion-agreement"]
    assert drawn["agreement"] == ({name: one["clusterings"] for name, one in both.measurements.embeddings.items()},)
    assert (agreement.variants, agreement.stage) == ((CNN, FEW), "report")
    (table,) = agreement.numbers
    assert rows(table) == [
        [
            *(name, "10", "0.987", SCORE, "3 tied", kind.replace("_", "-")),
            *(SCORE, SCORE, SCORE, "32.1 (20.0 to 40.0)", SCORE, SCORE),
        ]
        for name in (CNN, FEW)
        for kind in CLUSTERINGS
    ]


def test_the_maps_of_a_focus_variant_are_those_that_compare_drew(results: StudyResults, drawn: Json) -> None:
    part = embeddings_chapter(
        with_embedded(results, results.measurements.embeddings | {FEW: results.measurements.embeddings[CNN]})
    )
    assert shown(part) == {"fashion-agreement": "picture of agreement", **DRAWN}
    assert titles(part) == ["Clusters in feature space", f"Features of {CNN}"]
    for name in DRAWN:
        one = figures(part)[name]
        assert (one.variants, one.stage) == ((CNN,), "compare@fashion")
        assert CNN in one.words.alt


def test_centres_are_the_means_of_the_classes_that_were_embedded(
    results: StudyResults, study: SmallStudy, drawn: Json
) -> None:
    (table,) = figures(embeddings_chapter(results))[f"{CNN}-map"].numbers
    labels, expected = LABELS[study.embedding.indices], []
    pca, tsne = study.embedding.components[:, :2].astype(np.float16).astype(float), study.embedding.tsne
    for k, name in enumerate(study.class_names):
        some = labels == k
        if some.any():
            centre = [*pca[some].mean(0), *tsne[some].mean(0)]
            distances = tsne[some] - tsne[some].mean(0)
            spread = np.sqrt((distances**2).sum(1).mean())
            expected.append([name, str(some.sum()), *map(number, [*centre, spread])])
    assert 0 < len(expected) <= 10
    assert rows(table) == expected
    assert f"embeddings/fashion/{CNN}/" in table.note
    assert str(results.root) not in table.note


def test_a_class_of_which_nothing_was_embedded_has_no_centre(
    results: StudyResults, study: SmallStudy, drawn: Json
) -> None:
    one, few = study.embedding, slice(1)
    fewer = replace(one, indices=one.indices[few], components=one.components[few], tsne=one.tsne[few])
    write_embedding(results.root, fewer)
    (table,) = figures(embeddings_chapter(results))[f"{CNN}-map"].numbers
    (row,) = rows(table)
    assert row[1] == "1"
    assert row[-1] == "0.000"


def test_the_mixture_stands_by_cluster_and_by_size(results: StudyResults, study: SmallStudy, drawn: Json) -> None:
    part = embeddings_chapter(results)
    (clusters,), (sweep,) = (figures(part)[f"{CNN}-{kind}"].numbers for kind in ("clusters", "sweep"))
    counts = study.embedding.found["clusterings"]["mixture"]["table"]
    assert header(clusters) == ["cluster", *study.class_names]
    assert rows(clusters) == [[str(k), *map(str, row)] for k, row in enumerate(counts)]
    assert rows(sweep) == [["2", "tied", "2,000"], ["3", "tied", "3,000"]]


def test_the_map_leads_to_the_explorer(results: StudyResults, drawn: Json) -> None:
    assert f"(index.html#study=fashion&a={CNN})" in " ".join(prose(embeddings_chapter(results)))


@pytest.mark.parametrize("kind", ["map", "clusters", "sweep"])
def test_the_chapter_goes_without_a_figure_that_was_not_drawn(results: StudyResults, drawn: Json, kind: str) -> None:
    (results.root / f"{FIGURES}/{CNN}/{kind}.webp").unlink()
    assert set(shown(embeddings_chapter(results))) == {"fashion-agreement", *DRAWN} - {f"{CNN}-{kind}"}


def test_a_variant_of_which_nothing_was_drawn_has_no_heading(results: StudyResults, drawn: Json) -> None:
    shutil.rmtree(results.root / f"{FIGURES}/{CNN}")
    part = embeddings_chapter(results)
    assert titles(part) == ["Clusters in feature space"]
    assert set(shown(part)) == {"fashion-agreement"}


def clusterings(mixture: float, means: float) -> Json:
    def labels(value: float) -> Json:
        return {"labels": {"ari": {"value": value, "low": value - 0.1, "high": value + 0.1}}}

    return {"mixture_by_class": labels(mixture), "k_means": labels(means), "mixture": labels(0.9)}


def test_the_finding_is_how_well_mixtures_and_k_means_agree_with_the_classes(
    results: StudyResults, drawn: Json
) -> None:
    assert agreement_sentence({"cnn": clusterings(0.61, 0.49)}) == (
        "A Gaussian mixture agrees with the classes in the PCA space of cnn's features by an adjusted Rand index of "
        "0.61 (0.51 to 0.71), k-means by 0.49 (0.39 to 0.59)."
    )
    assert agreement_sentence({"cnn": clusterings(0.61, 0.49), "vit": clusterings(0.5, 0.4)}).endswith(
        "k-means by 0.49 (0.39 to 0.59); of vit's features by an adjusted Rand index of 0.50 (0.40 to 0.60), k-means "
        "by 0.40 (0.30 to 0.50)."
    )
    assert agreement_sentence({}) == NOTHING
    part = embeddings_chapter(results)
    assert part is not None
    assert part.finding == figures(part)["fashion-agreement"].words.finding
    assert part.finding == agreement_sentence({CNN: results.measurements.embeddings[CNN]["clusterings"]})


def test_findings_of_the_maps_and_the_mixture() -> None:
    score = {"value": 0.8, "low": 0.78, "high": 0.82}
    one = {
        "neighbour_preservation": score,
        "trustworthiness": 0.986,
        "chosen": {"components": 12, "covariance": "tied"},
        "sweep": [{"components": k} for k in (5, 12, 20)],
        "clusterings": {"mixture": {"labels": {"hungarian_accuracy": score}}},
    }
    assert feature_map_words("cnn", one).finding == (
        "The t-SNE map of cnn's features keeps 80 % (78 to 82) of an image's neighbours; its trustworthiness is 0.986."
    )
    assert cluster_words("cnn", one, 10).finding == (
        "The mixture with the lowest BIC has 12 clusters for 10 classes; if each cluster stands for one class at most, "
        "80 % (78 to 82) of the images are in that of their class."
    )
    assert sweep_words("cnn", one).finding == (
        "BIC is lowest for 12 components of at most 20 that were tried, with tied covariance."
    )
    most = one | {"sweep": one["sweep"][:2]}
    assert sweep_words("cnn", most).finding == (
        "BIC is lowest for 12 components, the most that were tried, with tied covariance."
    )


def test_variants_at_chance_are_not_shown(results: StudyResults, drawn: Json) -> None:
    part = embeddings_chapter(
        replace(results, standings=[replace(row, accuracy_low=0.05) for row in results.standings])
    )
    assert part is not None
    assert (part.blocks, part.finding) == ((), NOTHING)
    assert drawn == {}


def test_without_embeddings_there_is_no_such_chapter(results: StudyResults, drawn: Json) -> None:
    assert embeddings_chapter(with_embedded(results, {})) is None
    assert drawn == {}
