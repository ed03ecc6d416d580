"""What features cluster into: scores of all that was embedded, and the maps of the probes that were drawn."""

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from blocks import figures, header, rows, shown, titles
from small_study import CNN, FEW, FIGURES, LABELS, SmallStudy, write_embedding

from lookalike.reporting.chapters.embeddings import embeddings
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import number
from lookalike.reporting.embeddings import CLUSTERINGS

Json = dict[str, Any]
SCORE = "0.32 (0.20 to 0.40)"
DRAWN = {f"{CNN}-{kind}": f"{FIGURES}/{CNN}/{kind}" for kind in ("map", "clusters", "sweep")}


def with_embedded(found: Found, embedded: Json) -> Found:
    return replace(found, figures=replace(found.figures, embeddings=embedded))


def test_clusters_are_told_with_their_scores(found: Found, drawn: Json) -> None:
    both = with_embedded(found, found.figures.embeddings | {FEW: found.figures.embeddings[CNN]})
    agreement = figures(embeddings(both))["fashion-agreement"]
    assert drawn["agreement"] == ({name: one["clusterings"] for name, one in both.figures.embeddings.items()},)
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


def test_the_maps_of_a_probe_are_those_that_compare_drew(found: Found, drawn: Json) -> None:
    part = embeddings(with_embedded(found, found.figures.embeddings | {FEW: found.figures.embeddings[CNN]}))
    assert shown(part) == {"fashion-agreement": "PNG of agreement", **DRAWN}
    assert titles(part) == ["What the features cluster into", f"Features of {CNN}"]
    for name in DRAWN:
        one = figures(part)[name]
        assert (one.variants, one.stage) == ((CNN,), "compare@fashion")
        assert CNN in one.caption
        assert CNN in one.alt


def test_centres_are_the_means_of_the_classes_that_were_embedded(found: Found, study: SmallStudy, drawn: Json) -> None:
    (table,) = figures(embeddings(found))[f"{CNN}-map"].numbers
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
    assert str(found.root) not in table.note


def test_a_class_of_which_nothing_was_embedded_has_no_centre(found: Found, study: SmallStudy, drawn: Json) -> None:
    one, few = study.embedding, slice(1)
    fewer = replace(one, indices=one.indices[few], components=one.components[few], tsne=one.tsne[few])
    write_embedding(found.root, fewer)
    (table,) = figures(embeddings(found))[f"{CNN}-map"].numbers
    (row,) = rows(table)
    assert row[1] == "1"
    assert row[-1] == "0.000"


def test_the_mixture_is_told_by_cluster_and_by_size(found: Found, study: SmallStudy, drawn: Json) -> None:
    part = embeddings(found)
    (clusters,), (sweep,) = (figures(part)[f"{CNN}-{kind}"].numbers for kind in ("clusters", "sweep"))
    counts = study.embedding.found["clusterings"]["mixture"]["table"]
    assert header(clusters) == ["cluster", *study.class_names]
    assert rows(clusters) == [[str(k), *map(str, row)] for k, row in enumerate(counts)]
    assert rows(sweep) == [["2", "tied", "2,000"], ["3", "tied", "3,000"]]


@pytest.mark.parametrize("kind", ["map", "clusters", "sweep"])
def test_the_chapter_goes_without_a_figure_that_was_not_drawn(found: Found, drawn: Json, kind: str) -> None:
    (found.root / f"{FIGURES}/{CNN}/{kind}.png").unlink()
    assert set(shown(embeddings(found))) == {"fashion-agreement", *DRAWN} - {f"{CNN}-{kind}"}


def test_a_variant_of_which_nothing_was_drawn_has_no_heading(found: Found, drawn: Json) -> None:
    shutil.rmtree(found.root / f"{FIGURES}/{CNN}")
    part = embeddings(found)
    assert titles(part) == ["What the features cluster into"]
    assert set(shown(part)) == {"fashion-agreement"}


def test_without_embeddings_there_is_no_such_chapter(found: Found, drawn: Json) -> None:
    assert embeddings(with_embedded(found, {})) is None
    assert drawn == {}
