"""`lookalike try`: the page, the figure and the lines, from pictures drawn as people take them; and what is refused."""

import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from descriptions import described
from markupsafe import escape
from PIL import Image

from lookalike.artifacts.datasets import Dataset, save_dataset
from lookalike.artifacts.explanations import Explanation, save_explanation
from lookalike.artifacts.folders import replacing_folder, write_json
from lookalike.artifacts.models import Epoch, SeedRecord, load_weights, save_model
from lookalike.cli.app import main
from lookalike.cli.own_photos import MAX_PICTURES
from lookalike.drawn.garments import draw_garments
from lookalike.drawn.photographs import draw_snapshots
from lookalike.errors import InputError
from lookalike.explain.maps import label_target
from lookalike.explain.methods import DEFAULT, applicable_methods
from lookalike.explain.own_photo import explain
from lookalike.models.registry import create_model
from lookalike.params import Params, load_params
from lookalike.photographs.energy import Energy
from lookalike.photographs.own_photo import (
    READY,
    AnsweredPhotos,
    answer_photos,
    ask_models,
    likeliest_look_alikes,
    prepare_own_photo,
)
from lookalike.photographs.photo_model import load_photo_model
from lookalike.photographs.recipes import final_image
from lookalike.photographs.trained_models import find_models, look_alike_groups
from lookalike.reporting.figures.maps import is_blank, map_colours, overlay
from lookalike.reporting.figures.style import DPI
from lookalike.reporting.own_photo import OwnPhotoPage, build_page, to_html
from lookalike.reporting.own_photo_answer import ModelAnswer, sentence, unlike_training
from lookalike.reporting.own_photo_figure import LINE, MAPS, WHOLE, to_figure
from lookalike.reporting.own_photo_maps import SIDE, WholeMapArtist, in_one_line
from lookalike.results.released_models import released_models

VARIANTS = {  # architecture, arguments, and the seeds that ended well
    "fashion-cnn": ("fashion_cnn", {}, (0, 1)),
    "fashion-vit": ("fashion_vit", {"patch_size": 8, "embed_dim": 8, "depth": 1, "num_heads": 2, "mlp_dim": 8}, (3,)),
}

GAINS = {"fashion-cnn": 0.234, "fashion-vit": -0.05}  # of their maps


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Path:
    """A root with the real parameters, explained models of two variants of the demonstration, and three pictures."""
    root = tmp_path_factory.mktemp("try")
    params = yaml.safe_load((Path(__file__).parents[1] / "params.yaml").read_text(encoding="utf-8"))
    write_params(root, params | {"profile": "demo"})
    classes = tuple(params["datasets"]["fashion_mnist"]["classes"])
    data = replace(dataset, class_names=classes, provenance={"source": "embedded", "licence": "none"})
    save_dataset(root / "data" / "fashion_mnist", data)
    for name, model in VARIANTS.items():
        save_untrained(root / "models" / "fashion" / name, data, *model)
    write_scores(root, GAINS)
    for k, suffix in enumerate(("jpg", "png")):
        Image.fromarray(draw_snapshots(2, seed=4)[k].image).save(root / f"picture-{k}.{suffix}")
    Image.new("RGB", (80, 60), (200, 60, 60)).save(root / "wall.png")  # nothing to be found in it
    (root / "broken.jpg").write_bytes(b"no picture")
    return root


def write_params(root: Path, params: dict[str, Any]) -> None:
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def write_scores(root: Path, gains: dict[str, float]) -> None:
    """What the stage `explain` found of some variants, as far as it matters here."""
    methods = {name: {"HiResCAM": gain, "random": 0.06, "centre": 0.34} for name, gain in gains.items()}
    for name, scores in methods.items():
        found = {"faithfulness": {"methods": {method: {"gain": {"value": gain}} for method, gain in scores.items()}}}
        with replacing_folder(root / "explanations" / "fashion" / name) as part:
            save_explanation(part, Explanation(found, DEFAULT, "", np.arange(2), {}, None, None))


def save_untrained(folder: Path, data: Dataset, model: str, arguments: dict[str, Any], seeds: tuple[int, ...]) -> None:
    """A model folder as a training leaves it; the seeds before the first one diverged."""
    torch.manual_seed(0)
    description = described(
        dataset_digest=data.digest,
        train_images=1234,
        model=model,
        model_args=arguments,
        class_names=data.class_names,
        seeds=tuple(SeedRecord(s, 2, None if s in seeds else 1) for s in range(max(seeds) + 1)),
    )
    weights = {
        seed: create_model(model, arguments, input_shape=(1, 28, 28), num_classes=10).state_dict() for seed in seeds
    }
    rows = [Epoch(seed, epoch, 0.1, 0.5, 0.5, 0.5, 0.6 + seed / 10 + epoch / 100) for seed in seeds for epoch in (0, 1)]
    save_model(folder, description, weights, rows)


@pytest.fixture(autouse=True)
def same_handler() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def call(root: Path, *pictures: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setattr(sys, "argv", ["lookalike", "try", "--models", "here", "--all", *pictures])
        main()


class Page(HTMLParser):
    """Tags with their attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def html(project: Path) -> str:
    """The page of the two drawn pictures and of the wall, where only the recipe without a mask finds something."""
    call(project, "picture-0.jpg", "picture-1.png", "wall.png")
    return (project / "try.html").read_text(encoding="utf-8")


def recipes(project: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))["photos"]["recipes"]


def test_every_picture_recipe_and_variant_is_on_the_page(project: Path, html: str) -> None:
    charts = set(re.findall(r'aria-label="Probability of each class: (\S+), recipe (\S+), (\S+)"', html))
    drawn = {(v, r, p) for v in VARIANTS for r in recipes(project) for p in ("picture-0.jpg", "picture-1.png")}
    maskless = {name for name, recipe in recipes(project).items() if recipe["mask"] == "none"}
    assert maskless
    assert charts == drawn | {(v, r, "wall.png") for v in VARIANTS for r in maskless}


def test_a_recipe_that_refuses_a_picture_is_missing_with_its_reason(project: Path, html: str) -> None:
    missing = re.findall(r"<p>Recipe <strong>(.+?)</strong> is missing: (.+)\.</p>", html)
    assert {name for name, _ in missing} == {n for n, recipe in recipes(project).items() if recipe["mask"] != "none"}
    assert all("no garment found" in reason for _, reason in missing)


def test_probabilities_sum_to_one_for_all_classes(html: str) -> None:
    charts = re.findall(r'<table aria-label="Probability.*?</table>', html, flags=re.DOTALL)
    for chart in charts:
        shares = [float(share) for share in re.findall(r"<td>([\d.]+)\s%</td>", chart)]
        widths = [float(share) for share in re.findall(r'width="([\d.]+)%"', chart)]
        assert len(shares) == 10
        assert widths == shares
        assert sum(shares) == pytest.approx(100, abs=0.5)  # each is rounded
        (best,) = re.findall(r'class="best">.*?<td>([\d.]+)\s%</td>', chart)
        assert float(best) == max(shares)


def test_answers_are_those_of_each_models_first_seed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    params = load_params()
    paths = [Path("picture-0.jpg"), Path("wall.png"), Path("picture-1.png")]
    trials = [prepare_own_photo(path, params.photos.recipes) for path in paths]
    models = find_models(params)
    assert [(model.variant, model.seed) for model in models] == [("fashion-cnn", 0), ("fashion-vit", 3)]
    for model in models:
        network = create_model(*VARIANTS[model.variant][:2], input_shape=(1, 28, 28), num_classes=10).eval()
        network.load_state_dict(load_weights(model.folder, model.seed))
        for trial in answer_photos(trials, models):
            for recipe, stages in trial.stages.items():
                image = torch.from_numpy(final_image(stages[-1][1]) / np.float32(255))
                with torch.inference_mode():
                    expected = network(image[None, None]).softmax(dim=1)[0].numpy()
                np.testing.assert_allclose(trial.answers[recipe][model.variant], expected, atol=1e-5)


def test_the_page_holds_all_that_it_shows(html: str) -> None:
    page = Page(html)
    images = [about for tag, about in page.tags if tag == "img"]
    assert images
    assert all(str(about["src"]).startswith("data:image/png;base64,") for about in images)
    unnamed = [about for about in images if not about["alt"]]
    assert all(about["class"] == "colours" for about in unnamed)  # the picture below has the words
    assert not re.search(r"https?:|url\(|@import|<script|<link", html)
    assert all(str(about["href"]).startswith("#") for tag, about in page.tags if tag == "a")
    assert "prefers-color-scheme: dark" in html


def test_the_page_says_what_the_models_are(html: str) -> None:
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in html.partition('id="models"')[2].split("<tr>")]
    assert rows[-2:] == [
        ["fashion-cnn", "fashion_cnn", "0", "1,234", "2", "61.00"],
        ["fashion-vit", "fashion_vit", "3", "1,234", "2", "91.00"],  # the first that did not diverge, its last epoch
    ]
    assert "<strong>demo</strong>" in html
    assert "trained on drawings and say nothing about real photographs" in html


def test_the_figure_is_as_high_as_what_it_shows(project: Path, html: str) -> None:
    with Image.open(project / "try.png") as image:
        image.load()
        bottom = np.asarray(image.convert("L"))[-100:]
    assert bottom.min() < 255  # something is drawn down there
    assert (bottom[-8:] == 255).all()  # and nothing is cut off


def test_a_line_a_model_is_printed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(project, "picture-0.jpg")
    note, short, *lines, last = capsys.readouterr().out.splitlines()  # as many as without maps
    assert re.fullmatch(r"picture-0.jpg: \S+, says the CNN \(\d+ %\); the ViT .*\.", short)
    assert [line.split(": ")[:2] for line in lines] == [["picture-0.jpg", variant] for variant in VARIANTS]
    best_first = ["fitted", *(recipe for recipe in recipes(project) if recipe != "fitted")]
    for line in lines:
        assert re.findall(r"(\w+) [\w/ -]+ \d+%", line.rpartition(": ")[2]) == best_first
    assert "drawings" in note
    assert last == "See try.html and try.png."


def captions(html: str) -> dict[tuple[str, ...], str]:
    """What stands below each map, by variant, picture and recipe."""
    maps = re.findall(
        r'alt="(?:Blank: )?map of (\S+) over (\S+) by recipe (\S+)">.*?<figcaption>(.*?)</figcaption>', html
    )
    return {tuple(key): caption for *key, caption in maps}


def said_gain(gain: float) -> str:
    return f"{gain:z.2f}".replace("-", "−")


def test_every_map_is_on_the_page_with_its_score(project: Path, html: str) -> None:
    charts = re.findall(r'aria-label="Probability of each class: (\S+), recipe (\S+), (\S+)"', html)
    found = captions(html)
    assert found.keys() == {(variant, picture, recipe) for variant, recipe, picture in charts}
    for (variant, *_), caption in found.items():
        score = f"gain {said_gain(GAINS[variant])} on test images (random 0.06, centre 0.34)."
        assert caption.removeprefix("Blank: ") == f"HiResCAM of the predicted class; {score}"
    assert "the area under the insertion curve minus that under the deletion curve" in html


@pytest.fixture
def page(project: Path, monkeypatch: pytest.MonkeyPatch) -> OwnPhotoPage:
    """What becomes of one picture, with made-up maps: a gradient for the one model, a blank one for the other."""
    monkeypatch.chdir(project)
    params = load_params()
    models = find_models(params)
    trials = answer_photos([prepare_own_photo(Path("picture-0.jpg"), params.photos.recipes)], models)
    made_up = {"fashion-cnn": np.arange(9, dtype=np.float32).reshape(3, 3), "fashion-vit": np.zeros((3, 3), np.float32)}
    answered = AnsweredPhotos(trials, models, about=None)
    explanations = explain(answered, look_alike_groups(params))
    return build_page(answered, replace(explanations, maps=[dict.fromkeys(trials[0].stages, made_up)]), params)


def test_maps_are_those_of_the_default_method_for_the_class_that_the_model_predicts(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    params = load_params()
    models = find_models(params)
    paths = [Path("wall.png"), Path("picture-1.png")]
    trials = answer_photos([prepare_own_photo(path, params.photos.recipes) for path in paths], models)
    explanations = explain(AnsweredPhotos(trials, models, about=None), look_alike_groups(params))
    compared = []
    for model in models:
        network = create_model(*VARIANTS[model.variant][:2], input_shape=(1, 28, 28), num_classes=10).eval()
        network.load_state_dict(load_weights(model.folder, model.seed))
        for trial, maps, contrasts in zip(trials, explanations.maps, explanations.contrasts, strict=True):
            assert maps.keys() == contrasts.keys() == trial.stages.keys()
            for recipe, stages in trial.stages.items():
                image = torch.from_numpy(final_image(stages[-1][1]) / np.float32(255))[None, None]
                explain_one = applicable_methods(network)[DEFAULT]
                expected = explain_one(network, image, label_target(network(image).argmax(1), 10))[0].numpy()
                np.testing.assert_allclose(maps[recipe][model.variant], expected, atol=1e-6)
                pair = contrasts[recipe]
                target = torch.zeros(1, 10)
                target[0, pair.first], target[0, pair.second] = 1, -1
                contrast = explain_one(network, image, target)[0].numpy()
                np.testing.assert_allclose(pair.maps[model.variant], contrast, atol=1e-6)
                compared.append((model.variant, is_blank(expected)))
    assert {(variant, False) for variant in VARIANTS} <= set(compared)


def test_a_blank_map_says_so_and_has_no_colours(page: OwnPhotoPage) -> None:
    html = to_html(page)
    flagged = set(re.findall(r'alt="Blank: map of (\S+) over [^"]*">[^\n]*?<figcaption>Blank: HiResCAM', html))
    assert flagged == {"fashion-vit"}
    for one in page.attempts:
        assert {name: (np.ptp(each.picture.pixels, axis=2) == 0).all() for name, each in one.maps.items()} == {
            "fashion-cnn": False,
            "fashion-vit": True,
        }
    said = [text.get_text() for axes in to_figure(page).axes for text in axes.texts]
    assert said.count("blank") == len(page.attempts)


def test_maps_lie_over_what_the_models_see(page: OwnPhotoPage) -> None:
    for one in page.attempts:
        seen = one.result.pixels[:, :, 0]
        expected = overlay(seen, np.arange(9.0).reshape(3, 3), SIDE, signed=True)
        np.testing.assert_array_equal(one.maps["fashion-cnn"].picture.pixels, expected)


def test_the_figure_has_a_map_and_its_score_above_each_chart(page: OwnPhotoPage) -> None:
    figure = to_figure(page)
    rows = [axes for axes in figure.axes if any("gain" in text.get_text() for text in axes.texts)]
    charts = [axes for axes in figure.axes if axes.patches]
    assert len(rows) == len(charts) == len(page.attempts)
    for one, row, chart in zip(page.attempts, rows, charts, strict=True):
        scores = [text.get_text() for text in row.texts if text.get_text() != "blank"]
        assert scores == [f"gain {said_gain(gain)}\nrandom 0.06\ncentre 0.34" for gain in GAINS.values()]
        above, below = row.get_position(), chart.get_position()
        assert (above.x0, above.x1) == pytest.approx((below.x0, below.x1))
        assert above.y0 > below.y1
        (drawn,) = row.images
        first = np.asarray(drawn.get_array())[:, : SIDE // 2]
        np.testing.assert_array_equal(first, one.maps["fashion-cnn"].picture.pixels[::2, ::2])


def test_a_figure_without_maps_leaves_no_place_for_them(page: OwnPhotoPage) -> None:
    bare = [replace(picture, attempts=[replace(one, maps={}) for one in picture.attempts]) for picture in page.pictures]
    figure, full = to_figure(replace(page, pictures=bare)), to_figure(page)
    assert len(full.axes) == len(figure.axes) + len(page.attempts)
    assert full.get_figheight() * DPI == pytest.approx(figure.get_figheight() * DPI + MAPS * len(page.attempts))
    assert not any("HiResCAM" in text.get_text() for text in figure.texts)


def test_nothing_in_the_figure_is_written_over_anything_else(page: OwnPhotoPage) -> None:
    figure = to_figure(page)
    figure.savefig(io.BytesIO())
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts if text.get_text() != "blank")]
    boxes = [text.get_window_extent() for text in texts]
    pictures = [axes.get_window_extent() for axes in figure.axes if axes.images]
    assert len(boxes) > 50
    for k, box in enumerate(boxes):
        assert [texts[i].get_text() for i, other in enumerate(boxes[:k]) if box.overlaps(other)] == []
        assert not any(box.overlaps(picture) for picture in pictures), texts[k].get_text()


def test_a_model_without_a_score_has_no_map(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = moved(project, tmp_path, source="embedded", profile="demo")
    write_scores(other, {"fashion-vit": 0.1})
    call(other, "picture-0.jpg")
    html = (other / "try.html").read_text(encoding="utf-8")
    assert captions(html).keys() == {("fashion-vit", "picture-0.jpg", recipe) for recipe in recipes(project)}
    assert "maps: none" not in html + capsys.readouterr().out


def test_without_any_scores_there_are_no_maps_and_a_line_says_why(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = moved(project, tmp_path, source="embedded", profile="demo")
    call(other, "picture-0.jpg")
    why = "maps: none, explanations/fashion is not there; run `dvc repro`"
    html, lines = (other / "try.html").read_text(encoding="utf-8"), capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("maps")] == [why]
    assert captions(html) == {}
    assert f"<p>{why}.</p>" in html
    assert "HiResCAM" not in html


def test_a_real_profile_is_no_demonstration(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = moved(project, tmp_path, source="official", profile="paper")
    call(other, "picture-0.jpg")
    assert "drawings" not in (other / "try.html").read_text(encoding="utf-8") + capsys.readouterr().out


def moved(project: Path, root: Path, *, source: str, profile: str) -> Path:
    """The project with another profile and data that say where they come from."""
    params = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    write_params(root, params | {"profile": profile})
    for name in ("models", "picture-0.jpg"):
        (root / name).symlink_to(project / name)
    about = json.loads((project / "data" / "fashion_mnist" / "dataset.json").read_text(encoding="utf-8"))
    (root / "data" / "fashion_mnist").mkdir(parents=True)
    write_json(root / "data" / "fashion_mnist" / "dataset.json", about | {"provenance": {"source": source}})
    return root


def refusal(root: Path, capsys: pytest.CaptureFixture[str], *pictures: str) -> str:
    """The one line that the command ends with; nothing may have been written."""
    before = {path: path.stat().st_mtime_ns for path in root.iterdir()}
    with pytest.raises(SystemExit) as ended:
        call(root, *pictures)
    assert ended.value.code == 2
    assert {path: path.stat().st_mtime_ns for path in root.iterdir()} == before
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err.strip()


def test_pictures_that_cannot_be_read_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(project, capsys, "nowhere.jpg") == "error: nowhere.jpg: no such file"
    assert refusal(project, capsys, "broken.jpg").startswith("error: broken.jpg: damaged, or none of")
    many = [f"{k}.jpg" for k in range(MAX_PICTURES + 1)]
    assert refusal(project, capsys, *many) == f"error: {MAX_PICTURES + 1} pictures; at most {MAX_PICTURES} at once"


def test_a_picture_that_would_be_overwritten_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(project, capsys, "./try.png") == "error: try.png: would be overwritten by the outcome; rename it"


def test_a_picture_without_a_garment_is_refused(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], raw_params: dict[str, Any]
) -> None:
    other = moved(project, tmp_path, source="embedded", profile="demo")
    masked = {name: recipe for name, recipe in recipes(project).items() if recipe["mask"] != "none"}
    write_params(other, raw_params | {"profile": "demo", "photos": raw_params["photos"] | {"recipes": masked}})
    (other / "wall.png").symlink_to(project / "wall.png")
    line = refusal(other, capsys, "wall.png")
    assert line.startswith("error: wall.png: ")
    assert all(f"{name} (the mask is" in line for name in masked)


def test_a_folder_without_parameters_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(tmp_path, capsys, "a.jpg") == "error: params.yaml: not found; run from the root of the project"


def test_without_models_of_these_data_it_is_refused(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = "run `dvc repro` first"
    other = moved(project, tmp_path, source="embedded", profile="paper")  # not yet run since the profile was changed
    assert refusal(other, capsys, "picture-0.jpg").endswith(f"that of the active profile official; {first}")
    about = other / "data" / "fashion_mnist" / "dataset.json"
    write_json(about, json.loads(about.read_text()) | {"digest": "another", "provenance": {"source": "official"}})
    untrained = f"error: models: no model of fashion_mnist is trained for profile paper; {first}"
    assert refusal(other, capsys, "picture-0.jpg") == untrained
    (other / "models").unlink()
    assert refusal(other, capsys, "picture-0.jpg") == untrained
    (other / "models").symlink_to(project / "models")
    about.unlink()
    assert refusal(other, capsys, "picture-0.jpg") == f"error: data/fashion_mnist: not found; {first}"


@pytest.fixture
def trying(project: Path, tmp_path: Path) -> Path:
    """The project with one picture and the first recipe, in a folder of its own."""
    root = moved(project, tmp_path, source="embedded", profile="demo")
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    params["photos"]["recipes"] = dict([*params["photos"]["recipes"].items()][:1])
    write_params(root, params)
    return root


def bad(root: Path, *pictures: str) -> None:
    """Try pictures of which some are bad."""
    with pytest.raises(SystemExit) as ended:
        call(root, *pictures)
    assert ended.value.code == 2


def shown(root: Path) -> list[str]:
    """The pictures on the page."""
    return re.findall("<h2>(.*?)</h2>", (root / "try.html").read_text(encoding="utf-8"))[:-1]


def test_bad_pictures_do_not_stop_the_others(trying: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (trying / "broken.jpg").write_bytes(b"no picture")
    bad(trying, "nowhere.jpg", "picture-0.jpg", "broken.jpg")
    out, err = capsys.readouterr()
    assert shown(trying) == ["picture-0.jpg"]
    assert out.splitlines()[-1] == "See try.html and try.png."
    first, second = err.splitlines()
    assert first == "error: nowhere.jpg: no such file"
    assert second.startswith("error: broken.jpg: damaged, or none of the formats")
    html = (trying / "try.html").read_text(encoding="utf-8")
    assert re.findall("<li>(.*?): ", html) == ["nowhere.jpg", "broken.jpg"]


@pytest.mark.parametrize(
    "address", ["https://example.org/a.jpg", "http://127.0.0.1:9/b.png", "ftp://x/y.jpg", "s3://bucket/z.jpg", "S3://b"]
)
def test_addresses_are_refused(trying: Path, capsys: pytest.CaptureFixture[str], address: str) -> None:
    assert refusal(trying, capsys, address) == f"error: {address}: addresses are not taken: download the picture first"


def test_a_folder_gives_the_pictures_in_it(trying: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = trying / "mine"
    (folder / "deeper").mkdir(parents=True)
    for name in ("b.JPG", "a.png", ".hidden.png", "deeper/c.png"):
        Image.fromarray(draw_snapshots(1, seed=4)[0].image).save(folder / name)
    (folder / "labels.csv").write_text("file,label\n")
    call(trying, "mine")
    assert shown(trying) == ["a.png", "b.JPG"]
    capsys.readouterr()
    (trying / "empty").mkdir()
    assert refusal(trying, capsys, "empty").startswith("error: empty: no pictures in this folder; their names end in ")
    call(trying, ".")
    assert shown(trying) == ["picture-0.jpg"]  # and not the outcome of the last call, try.png
    (trying / "picture-0.jpg").unlink()
    capsys.readouterr()
    assert refusal(trying, capsys, ".").startswith("error: .: no pictures in this folder; ")


def test_of_a_folder_with_too_many_pictures_the_first_are_shown(
    trying: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.cli.own_photos.MAX_PICTURES", 2)
    (trying / "mine").mkdir()
    for k in range(3):
        (trying / "mine" / f"{k}.jpg").symlink_to(trying / "picture-0.jpg")
    call(trying, "mine")
    assert shown(trying) == ["0.jpg", "1.jpg"]
    note = "3 pictures, of which the first 2 are shown"
    assert note in capsys.readouterr().out.splitlines()
    assert f"<p>{note}.</p>" in (trying / "try.html").read_text(encoding="utf-8")


NAMES = {  # of files, and as they are shown
    "x_$_y_$.jpg": "x_$_y_$.jpg",
    "<b>&amp;%s{{ 7 }}.jpg": "<b>&amp;%s{{ 7 }}.jpg",
    "n" * 246 + ".jpg": "n" * 246 + ".jpg",
    "new\nline\x1b[31m.jpg": "new?line?[31m.jpg",
    "l\udce9.jpg": "l?.jpg",  # é in Latin-1
    "\u202egpj.exe.jpg": "?gpj.exe.jpg",  # which turns the direction of writing
    "שלום 👕.jpg": "שלום 👕.jpg",
}


@pytest.mark.filterwarnings("ignore:Glyph")
def test_names_of_files_are_text(trying: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        (trying / name).symlink_to(trying / "picture-0.jpg")
    bad(trying, "x" * 300, *NAMES, "no\nfile.jpg")
    out, err = (text.splitlines() for text in capsys.readouterr())
    assert shown(trying) == [str(escape(name)) for name in NAMES.values()]
    assert [line.split(": fashion-cnn: ")[0] for line in out if ": fashion-cnn: " in line] == [*NAMES.values()]
    assert len(out) == len(NAMES) * (1 + len(VARIANTS)) + 3  # with the sentence about each
    assert err == [f"error: {'x' * 300}: cannot be read: File name too long", "error: no?file.jpg: no such file"]
    with Image.open(trying / "try.png") as image:
        assert image.height > 350 * len(NAMES)


@pytest.mark.parametrize(("inverted", "suffix"), [(False, "png"), (True, "png"), (True, "jpg")])
def test_a_picture_like_the_data_sets_is_shown_as_it_is_and_inverted(
    trying: Path, capsys: pytest.CaptureFixture[str], inverted: bool, suffix: str
) -> None:
    garment = draw_garments(1, seed=3)[0][0]
    Image.fromarray(255 - garment if inverted else garment).save(trying / f"small.{suffix}", quality=90)
    call(trying, f"small.{suffix}", "picture-0.jpg")
    lines = capsys.readouterr().out.splitlines()
    look = "on a light ground, the inverse of the data set" if inverted else "on a dark ground, as in the data set"
    expected = f"28 x 28 pixels {look}; shown as it is and inverted, and by the recipes for photographs"
    assert f"small.{suffix}: {expected}" in lines
    html = (trying / "try.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    ways = ["as it is", "only inverted", *(f"recipe {name}" for name in recipes(trying))]
    charts = re.findall(r'aria-label="Probability of each class: fashion-cnn, (.*?), small', html)
    assert charts == ways
    assert f"<p>{expected}.</p>" in html
    assert re.findall("<h3>(.*?)</h3>", html)[:2] == ["As it is", "Only inverted"]
    photographs = [line for line in lines if line.startswith("picture-0.jpg: fashion")]
    assert len(photographs) == len(VARIANTS)  # without a note
    assert not any("as it is" in line for line in photographs)


def test_models_are_shown_such_a_picture_unchanged(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    garment = draw_garments(1, seed=3)[0][0]
    Image.fromarray(garment).save(project / "small.png")
    trial = prepare_own_photo(Path("small.png"), load_params().photos.recipes)
    as_it_is, inverted = (final_image(trial.stages[way][-1][1]) for way in READY)
    np.testing.assert_array_equal(as_it_is, garment)
    np.testing.assert_array_equal(inverted, 255 - garment)


def test_a_figure_that_would_be_too_high_leaves_out_the_last_pictures(
    page: OwnPhotoPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = page.pictures[0]
    full = to_figure(replace(page, pictures=[one] * 2))
    monkeypatch.setattr("lookalike.reporting.own_photo_figure.TALLEST", round(full.get_figheight() * DPI) + LINE)
    assert to_figure(replace(page, pictures=[one] * 2)).get_figheight() == full.get_figheight()
    figure = to_figure(replace(page, pictures=[replace(one, name=f"{k}") for k in range(5)]))
    assert figure.get_figheight() * DPI == pytest.approx(full.get_figheight() * DPI + LINE)
    said = [text.get_text() for text in figure.texts]
    assert [name for name in said if name.isdigit()] == ["0", "1"]
    assert said[-1] == "3 more pictures are on the page alone: this figure would be too high"


def test_only_models_of_the_photographs_data_set_are_asked_and_that_is_said(html: str) -> None:
    assert "The first seed of each variant of fashion_mnist is asked; models of other data sets" in html


def test_what_is_refused_waits_for_no_heavy_package(project: Path) -> None:
    code = (
        "import atexit, sys; from lookalike.cli.app import main\n"
        "atexit.register(lambda: print(sorted({'torch', 'matplotlib', 'cv2', 'numpy'} & set(sys.modules))))\n"
        "main()"
    )
    here = ["--models", "here", "nowhere.jpg"]
    for arguments, status, loaded in ((["--help"], 0, "[]"), (here, 2, "['cv2', 'numpy']")):
        command = [sys.executable, "-c", code, "try", *arguments]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stderr
        assert done.stdout.splitlines()[-1] == loaded


def test_it_is_a_module_and_a_command(project: Path) -> None:
    command = [sys.executable, "-m", "lookalike", "try"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == 'error: Command "try" parameter PICTURES requires an argument.\n'


def call_released(*arguments: str) -> None:
    """Try with the released models, in the root of the project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(Path(__file__).parents[1])
        patch.setattr(sys, "argv", ["lookalike", "try", *arguments])
        main()


@pytest.fixture
def own_pictures(tmp_path: Path) -> list[str]:
    """A photograph, and a garment in the data set's format on a light ground."""
    Image.fromarray(draw_snapshots(1, seed=4)[0].image).save(tmp_path / "photo.jpg")
    Image.fromarray(255 - draw_garments(1, seed=3)[0][0]).save(tmp_path / "small.png")
    return [str(tmp_path / name) for name in ("photo.jpg", "small.png")]


def test_the_released_models_answer_in_a_sentence_and_a_small_table(
    own_pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    call_released(*own_pictures, "--out", str(page))
    lines = capsys.readouterr().out.splitlines()
    names, likeliest = r"[\w/-]+( boot)?", r"(  +[\w/-]+( boot)? \d+ %){3}"
    assert re.match(rf"photo.jpg: {names}, says the photograph model \(\d+ %\); the CNN .*; the ViT .*\.$", lines[0])
    shown = [line.split("  ")[1] for line in lines[1:4]]
    assert shown == ["the photograph model", "the CNN", "the ViT"]
    assert all(re.search(rf"(whole photo|recipe \w+) *{likeliest}$", line) for line in lines[1:4])
    assert re.match("  (L|Unl)ike the labelled photographs", lines[4])
    lines = [line for line in lines if not line.startswith("  Unlike the images that ")]
    assert re.match(r"small.png: .*, says the CNN ", lines[5])  # no photograph, so that the third is not asked
    assert [re.split("  +", line)[1:3] for line in lines[6:8]] == [
        ["the CNN", "only inverted"],
        ["the ViT", "only inverted"],
    ]
    assert re.match(r"The photograph model is right about \d\d % ", lines[-2])
    assert lines[-1] == f"See {page}."
    assert not page.with_suffix(".png").exists()
    html = page.read_text(encoding="utf-8")
    assert captions(html)
    assert "For a better picture" in html
    assert "demonstration" not in re.sub("<style>.*</style>", "", html, flags=re.DOTALL)


@pytest.fixture
def shown_whole(own_pictures: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Params, AnsweredPhotos]]:
    """A photograph and a picture in the data set's format, answered by the released models."""
    monkeypatch.chdir(Path(__file__).parents[1])
    params = load_params()
    photos = [prepare_own_photo(Path(one), params.photos.recipes, every=False) for one in own_pictures]
    return params, ask_models(photos, released_models(params), load_photo_model())


def test_the_photograph_model_has_maps_of_the_whole_photo_with_their_score(
    shown_whole: tuple[Params, AnsweredPhotos],
) -> None:
    params, answered = shown_whole
    photo, small = answered.photos
    about, names, whole = answered.about, answered.class_names, photo.whole
    assert about
    assert about.faithfulness
    assert whole
    assert small.whole is None
    pair = likeliest_look_alikes(
        {"": whole.probabilities}, [[names.index(n) for n in g] for g in look_alike_groups(params)]
    )
    page = build_page(answered, explain(answered, look_alike_groups(params)), params)
    drawn, none = (one.whole for one in page.pictures)
    assert none is None
    assert drawn
    predicted, contrast = drawn.maps
    first, second = (names[label] for label in pair)
    assert first == max(zip(whole.probabilities, names, strict=True))[1]
    gains = [said_gain(about.faithfulness.gain[name].value) for name in ("CAM", "random", "centre")]
    score = "gain {} on {} labelled photographs (random {}, centre {}).".format(
        gains[0], about.faithfulness.photographs, *gains[1:]
    )
    assert predicted.colours.caption == f"CAM of the predicted class; {score}"
    assert contrast.colours.caption == f"{first} (green) against {second} (purple), by CAM; {score}"
    assert predicted.colours.alt == "map of the photograph model over photo.jpg"
    width, height = photo.read().size
    assert whole.photo.shape == (round(224 * height / max(width, height)), round(224 * width / max(width, height)))
    difference = whole.evidence[pair[0]] - whole.evidence[pair[1]]
    for one, values in ((predicted, whole.evidence[pair[0]]), (contrast, difference)):
        np.testing.assert_array_equal(
            one.colours.pixels, map_colours(values, *drawn.photo.pixels.shape[1::-1], signed=True)
        )
    html = to_html(page)
    assert html.count("map of the photograph model over photo.jpg") == 2
    assert "The photograph model has maps (CAM) of the whole photo" in html


def test_the_figure_has_the_photograph_model_s_maps_and_chart(
    shown_whole: tuple[Params, AnsweredPhotos],
) -> None:
    params, answered = shown_whole
    page = build_page(answered, explain(answered, look_alike_groups(params)), params)
    photo = page.pictures[0]
    assert photo.whole
    figure = to_figure(page)
    drawn = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    width, height = photo.whole.photo.pixels.shape[1::-1]
    for one in photo.whole.maps:
        blended = Image.fromarray(photo.whole.over_photo(one))
        np.testing.assert_allclose(blended, 0.4 * photo.whole.photo.pixels + 0.6 * one.colours.pixels, atol=0.51)
        blended.thumbnail((SIDE, SIDE))
        assert sum(np.array_equal(blended, pixels) for pixels in drawn) == 1
        assert blended.width / blended.height == pytest.approx(width / height, abs=0.02)
    said = [" ".join(text.get_text().split()) for text in figure.texts]
    assert {one.colours.caption for one in photo.whole.maps} <= {*said}
    charts = [text.get_text().split("\n") for axes in figure.axes if axes.patches for text in axes.texts]
    assert sum(chart[0] == "the photograph model" for chart in charts) == 1
    bare = to_figure(replace(page, pictures=[replace(one, whole=None) for one in page.pictures]))
    assert figure.get_figheight() * DPI == pytest.approx(bare.get_figheight() * DPI + WHOLE)


def test_a_blank_map_of_the_whole_photo_has_no_colours(shown_whole: tuple[Params, AnsweredPhotos]) -> None:
    params, answered = shown_whole
    page = build_page(answered, explain(answered, look_alike_groups(params)), params)
    whole = page.pictures[0].whole
    assert whole
    blank = replace(whole.maps[0], blank=True)
    np.testing.assert_array_equal(whole.over_photo(blank), whole.photo.pixels)


def test_without_a_score_the_photograph_model_has_no_map(shown_whole: tuple[Params, AnsweredPhotos]) -> None:
    params, answered = shown_whole
    assert answered.about
    unscored = replace(answered, about=replace(answered.about, faithfulness=None))
    page = build_page(unscored, explain(unscored, look_alike_groups(params)), params)
    assert [one.whole for one in page.pictures] == [None, None]


def test_a_blank_map_of_the_photograph_model_says_so(shown_whole: tuple[Params, AnsweredPhotos]) -> None:
    params, answered = shown_whole
    artist = WholeMapArtist.of(answered, params)
    (photo, small), blank = answered.photos, np.zeros((28, 21), np.float32)
    assert artist
    assert photo.whole
    assert artist.draw(small) is None
    drawn = artist.colours(photo, blank, "map", "CAM of the predicted class")
    assert drawn.blank
    assert drawn.colours.caption.startswith("Blank: CAM of the predicted class; gain ")
    assert drawn.colours.alt == "Blank: map of the photograph model over photo.jpg"


def test_a_score_is_one_line() -> None:
    assert in_one_line("gain 0.20\nrandom 0.01\ncentre 0.10", "test images") == (
        "gain 0.20 on test images (random 0.01, centre 0.10)"
    )


def test_json_has_every_probability_and_no_page_is_written(
    own_pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_released(*own_pictures, str(tmp_path / "nowhere.jpg"), "--json")
    assert ended.value.code == 2
    found = json.loads(capsys.readouterr().out)
    assert found["unusable"] == {str(tmp_path / "nowhere.jpg"): "no such file"}
    assert [one["picture"] for one in found["pictures"]] == ["photo.jpg", "small.png"]
    for one, count in zip(found["pictures"], (3, 2), strict=True):
        assert [len(row["probabilities"]) for row in one["rows"]] == [10] * count
        assert all(sum(row["probabilities"].values()) == pytest.approx(1) for row in one["rows"])
        assert [row["model"] for row in one["rows"] if row["energy"]] == ["the CNN", "the ViT"]
        unlike = [row for row in one["rows"] if row["energy"] and row["energy"]["value"] < row["energy"]["usual"]]
        assert [row["model"] in one["unlike"] for row in unlike] == [True] * len(unlike)
        assert bool(one["unlike"]) == bool(unlike)
    assert not (tmp_path / "try.html").exists()


@pytest.mark.parametrize(
    ("first", "second", "pair"),
    [
        ([0.6, 0.3, 0.1, 0.0], [0.6, 0.3, 0.1, 0.0], (0, 2)),  # 1 is more probable, but 2 is like 0
        ([0.0, 0.9, 0.1, 0.0], [0.8, 0.0, 0.2, 0.0], (1, 0)),  # in the mean; 1 is in no group
        ([0.1, 0.1, 0.2, 0.6], [0.1, 0.1, 0.2, 0.6], (3, 2)),
    ],
)
def test_the_pair_is_the_likeliest_class_and_the_likeliest_one_like_it(
    first: list[float], second: list[float], pair: tuple[int, int]
) -> None:
    answers = {"a": np.array(first), "b": np.array(second)}
    assert likeliest_look_alikes(answers, [[0, 2, 3]]) == pair


def test_look_alikes_are_named() -> None:
    groups = [("Shirt", "Coat"), ("Sneaker", "Ankle boot")]
    rows = [
        ModelAnswer("the CNN", "", {"Sneaker": 0.71, "Coat": 0.29}),
        ModelAnswer("the ViT", "", {"Ankle boot": 0.55, "Sneaker": 0.45}),
        ModelAnswer("another", "", {"Coat": 0.6, "Sneaker": 0.4}),
    ]
    assert sentence(rows, groups) == (
        "Sneaker, says the CNN (71 %); the ViT says Ankle boot (55 %), a look-alike; another says Coat (60 %)."
    )


def test_models_are_named_whose_training_images_the_picture_is_unlike() -> None:
    whole = ModelAnswer("the photograph model", "", {"Coat": 1})
    known, cnn, vit = Energy(7, 4.5), Energy(3.111, 4.5), Energy(2, 5)
    rows = [ModelAnswer(name, "", {"Coat": 1}, one) for name, one in (("the CNN", cnn), ("the ViT", vit))]
    assert unlike_training([whole, *rows]) == (
        "Unlike the images that the CNN and the ViT were trained on: energy 3.11 and 2.00; 95 % of the test images "
        "have at least 4.50 and 5.00."
    )
    assert unlike_training([whole, rows[0], replace(rows[1], energy=known)]) == (
        "Unlike the images that the CNN was trained on: energy 3.11; 95 % of the test images have at least 4.50."
    )
    assert not unlike_training([whole, replace(rows[0], energy=known), replace(rows[1], energy=None)])
    assert not unlike_training([whole, whole, whole, *rows])  # by another recipe, which the sentence does not name


@pytest.mark.parametrize("every", [False, True])
def test_the_energy_is_shown_of_every_recipe(every: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bar = np.zeros((28, 28), np.uint8)
    bar[4:24, 13:15] = 255
    Image.fromarray(bar).save(tmp_path / "bar.png")
    page = tmp_path / "page.html"
    call_released(str(tmp_path / "bar.png"), "--out", str(page), *["--all"] * every)
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("  Unlike the images that the CNN") for line in lines) == 1
    by_model = [line for line in lines if ": energy: " in line]
    assert [line.split(": ")[1] for line in by_model] == ["fashion-cnn", "fashion-vit"] * every
    shown = re.findall(r"Energy (-?\d+\.\d\d); 95\xa0% of the test images", page.read_text(encoding="utf-8"))
    assert len(shown) % 2 == 0
    if every:
        values = [re.findall(r"-?\d+\.\d\d", line.partition(";")[0]) for line in by_model]
        assert sorted(shown) == sorted(value for row in values for value in row)


def test_released_models_are_those_whose_evidence_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])
    models = released_models(load_params())
    assert [model.variant for model in models] == ["fashion-cnn", "fashion-vit"]
    assert all(model.folder.name == "weights" and model.explanation.is_dir() for model in models)


def test_without_released_models_a_line_says_how_to_get_them(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    with pytest.raises(InputError, match=r"\Aresults: no released model; `git checkout results` [^\n]*\Z"):
        released_models(load_params())


def test_the_page_is_opened_when_asked_for(
    own_pictures: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    page = tmp_path / "a page.html"
    call_released(own_pictures[1], "--open", "--out", str(page))
    assert opened == [page.as_uri()]
