"""Everything that is computed and drawn of the variants of a study together, from their evidence alone."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lookalike.artifacts import comparisons as artifacts
from lookalike.artifacts.comparisons import save_families, save_figures
from lookalike.artifacts.dvc_tables import save_accuracies, save_confusions, save_curves, save_focus
from lookalike.artifacts.embeddings import Embedding, load_embeddings
from lookalike.artifacts.evaluations import AugmentedExamples, Evaluation, load_evaluations
from lookalike.artifacts.explanations import Explanation, load_explanations
from lookalike.artifacts.folders import write_json
from lookalike.artifacts.models import Description, load_description, read_rows
from lookalike.artifacts.test_sets import TestSet, load_test_set
from lookalike.evaluation.complementary_errors import study_complementary_errors
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.hierarchical import pooled_spread
from lookalike.evaluation.look_alikes import study_look_alikes
from lookalike.evaluation.metrics import Ints, confusion_matrix
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.robustness import study_robustness
from lookalike.evaluation.scores import Scored, score_variant, seed_accuracies
from lookalike.families.all_findings import study_families
from lookalike.families.curves import curves_of
from lookalike.families.measured import MeasuredStudy
from lookalike.params import Params
from lookalike.photographs.comparison import study_photos
from lookalike.reporting.explained import ExplainedVariant, augmentation_figures, explanation_figures, method_scores
from lookalike.reporting.figures.embeddings import Classes, embedding_figures, main_scores
from lookalike.reporting.figures.look_alikes import divergence_figures
from lookalike.reporting.figures.rendering import to_webp
from lookalike.reporting.figures.training import reliability_figures


@dataclass(frozen=True)
class StudyArtifacts:
    """The evidence of a study.

    Attributes:
        evaluations, models: of every variant.
        explanations, embeddings: of those that have some.
        groups: of look-alikes: name -> classes.
    """

    test_set: TestSet
    models: Mapping[str, Description]
    evaluations: Mapping[str, Evaluation]
    explanations: Mapping[str, Explanation]
    embeddings: Mapping[str, Embedding]
    groups: Mapping[str, tuple[str, ...]]

    @cached_property
    def group_of(self) -> Ints:
        """The group (C,) of each class."""
        return group_numbers(self.groups, self.test_set.class_names)

    @property
    def ended(self) -> dict[str, Evaluation]:
        """The evaluations of those variants of which a seed did not diverge."""
        return {name: one for name, one in self.evaluations.items() if one.seeds}


def load_study_artifacts(params: Params, study: str, root: Path) -> StudyArtifacts:
    """Read what the stages left below `root`; of explanations and embeddings what belongs to the study's variants.

    Raises:
        InputError: evidence is missing or damaged.
    """
    names, test_set = list(params.variants_of(study)), load_test_set(root / "test_sets" / study)
    return StudyArtifacts(
        test_set,
        {name: load_description(root / "models" / study / name) for name in names},
        load_evaluations(root / "evaluations" / study, names),
        load_explanations(root / "explanations" / study),
        load_embeddings(root / "embeddings" / study),
        params.groups[test_set.name],
    )


def compare_study(params: Params, study: str, root: Path, out: Path) -> None:
    """Score every variant of `study`, compare it with the others, and draw what is drawn of each; written to `out`."""
    found, settings = load_study_artifacts(params, study, root), params.studies[study]
    test_set, ended = found.test_set, found.ended
    spread = pooled_spread(seed_accuracies(one, test_set.labels) for one in ended.values())
    scored = {
        name: score_variant(one, test_set.labels, test_set.class_names, spread)
        for name, one in found.evaluations.items()
    }
    artifacts.save_metrics(out, {n: s.summary for n, s in scored.items()}, {n: s.details for n, s in scored.items()})
    sides = {name: Side(one.test_logits, one.temperatures, spread) for name, one in ended.items()}
    pairs = [(first, second) for first, second in settings.pairs if {first, second} <= ended.keys()]
    look_alikes, compared = study_look_alikes(sides, test_set, found.group_of, pairs)
    macs = {name: found.models[name].macs for name in ended}
    look_alikes["complementary_errors"] = study_complementary_errors(ended, macs, test_set.labels, pairs)
    robustness = study_robustness({name: one.corrupted for name, one in ended.items() if one.corrupted}, pairs)
    outputs = {name: one.photos for name, one in ended.items() if one.photos}
    collector = params.photos.collector if params.photos else ""
    on_photos = study_photos(outputs, sides, test_set, found.group_of, pairs, collector)
    recipe = on_photos["chosen"]["recipe"] if on_photos else ""
    artifacts.save_findings(out, look_alikes, on_photos, robustness)
    save_families(out, study_families(to_measured_study(found, params, study)))
    save_main_scores(out, found)
    order, focus = params.class_order(test_set.name), variants_above_chance(settings.focus, scored, test_set.labels)
    save_curves(out, {name: read_rows(root / "models" / study / name / "history.csv") for name in found.models})
    save_accuracies(out, {name: one.summary for name, one in scored.items()})
    shown = [name for name in settings.focus if name in ended]
    save_confusions(out, {name: first_confusion(ended[name], test_set) for name in shown}, test_set.class_names, order)
    save_focus(out, {name: focus_numbers(name, scored[name].summary, look_alikes, on_photos) for name in shown})
    drawn = divergence_figures(compared, focus)
    for name in focus:
        drawn |= {f"figures/{name}/{title}": figure for title, figure in reliability_figures(scored[name]).items()}
    more = evidence_figures(found, focus, look_alikes["pairs"], recipe)
    drawn |= {f"figures/{path}": figure for path, figure in more.items()}
    (out / "figures").mkdir(exist_ok=True)  # DVC expects it, even if no focus variant is above chance
    with ProcessPoolExecutor() as pool:  # most of the time goes into drawing
        save_figures(out, dict(zip(drawn, pool.map(to_webp, drawn.values(), chunksize=4), strict=True)))


def variants_above_chance(names: Sequence[str], scored: Mapping[str, Scored], labels: Ints) -> list[str]:
    """Those variants whose accuracy has its interval above the share of the largest class, so that they learnt."""
    chance = np.bincount(labels).max() / len(labels)
    return [name for name in names if scored[name].summary.get("accuracy_low", 0) > chance]


def to_measured_study(found: StudyArtifacts, params: Params, study: str) -> MeasuredStudy:
    """The evidence of a study as findings about families are computed from it, with its learning curves."""
    one = MeasuredStudy(
        evaluations=found.evaluations,
        explanations=found.explanations,
        models={name: model.model for name, model in found.models.items()},
        train_images={name: model.train_images for name, model in found.models.items()},
        labels=found.test_set.labels,
        class_names=found.test_set.class_names,
        group_of=found.group_of.astype(np.int64),
        focus=params.studies[study].focus,
    )
    if one.compared is None:
        return one
    return replace(one, curves=curves_of(params.variants_of(study), found.models, one.compared))


def first_confusion(evaluation: Evaluation, test_set: TestSet) -> Ints:
    """Test images by true class (row) and by the class that the first seed predicts (column), (C, C)."""
    return confusion_matrix(evaluation.test_logits[0].argmax(axis=1), test_set.labels, len(test_set.class_names))


def focus_numbers(
    name: str, summary: Mapping[str, Any], look_alikes: Mapping[str, Any], on_photos: Mapping[str, Any]
) -> dict[str, float]:
    """Test accuracy, the share of test images confused within their look-alike group and, where there are photographs,
    the accuracy on the half of them that the recipe was not chosen on."""
    figures = {
        "accuracy": summary["accuracy"],
        "confused_within": look_alikes["variants"][name]["confused_within"]["value"],
    }
    if on_photos:
        scored = on_photos["figures"][name][on_photos["chosen"]["recipe"]]["halves"]["score"]["accuracy"]
        figures |= {"photo_accuracy": scored["value"]} if scored else {}
    return figures


def save_main_scores(out: Path, found: StudyArtifacts) -> None:
    """Write `explanations.json` and `embeddings.json`: by variant the gain of each method and
    control, and how good the map of its features is and how like the classes one Gaussian a class."""
    gains = {
        name: {method: {"gain": scores["gain"]["value"]} for method, scores in method_scores(one).items()}
        for name, one in found.explanations.items()
    }
    write_json(out / "explanations.json", gains)
    write_json(out / "embeddings.json", {name: main_scores(one.found) for name, one in found.embeddings.items()})


def evidence_figures(
    found: StudyArtifacts, focus: Sequence[str], pairs: Sequence[Mapping[str, Any]], recipe: str
) -> dict[str, Figure]:
    """What is drawn of explanations, embeddings and augmentations, by path; arguments as of `study_figures`."""
    ended = found.ended
    explained = {
        name: ExplainedVariant(one, ended[name], found.test_set)
        for name, one in found.explanations.items()
        if name in ended
    }
    drawn = explanation_figures(explained, focus, pairs, recipe)
    classes = Classes(found.test_set.class_names, found.group_of, list(found.groups))
    for name in [name for name in focus if name in found.embeddings]:
        own = embedding_figures(found.embeddings[name], found.test_set.labels, classes)
        drawn |= {f"{name}/{title}": figure for title, figure in own.items()}
    return drawn | augmentation_figures(first_of_each_augmentation(found), found.test_set.class_names)


def first_of_each_augmentation(found: StudyArtifacts) -> dict[str, AugmentedExamples]:
    """The examples of each augmentation, by the first variant that was trained with it."""
    first: dict[str, str] = {}
    for name, description in found.models.items():
        if found.evaluations[name].augmented is not None:
            first.setdefault(repr(description.augmentation), name)
    return {name: one for name in first.values() if (one := found.evaluations[name].augmented) is not None}
