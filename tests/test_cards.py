"""`docs/cards/`: their numbers are those of the published results, and their code runs."""

import csv
import re
from collections import Counter
from collections.abc import Callable

import pytest
from checkout import ROOT

from lookalike.artifacts.evaluations import load_evaluation
from lookalike.families.outside import detection, outside_scores
from lookalike.photographs.energy import SCORE

CARDS = ("cnn-bn", "fashion-cnn", "fashion-vit", "lenet5", "vgg11-bn")
Row = dict[str, str]


def percent(key: str) -> Callable[[Row], str]:
    return lambda row: f"{100 * float(row[key]):.2f} %"


NUMBERS: dict[str, Callable[[Row], str]] = {
    "top-2 accuracy": percent("top2_accuracy"),
    "NLL, nats": lambda row: f"{float(row['nll']):.3f}",
    "ECE": percent("ece"),
    "ECE after temperature scaling": percent("calibrated_ece"),
    "parameters": lambda row: f"{int(row['parameters']):,}",
    "multiply-accumulates per image": lambda row: f"{int(row['macs']):,}",
}


def interval(row: Row) -> str:
    return f"{percent('accuracy_low')(row)} to {percent('accuracy_high')(row)}"


def accuracies(row: Row) -> dict[str, str]:
    """The accuracy with its uncertainty."""
    accuracy = percent("accuracy")(row)
    if row["seeds"] == "1":
        return {"test accuracy, one seed": accuracy, "95 % interval over seeds and images": interval(row)}
    return {
        f"test accuracy, mean over {row['seeds']} seeds": accuracy,
        "95 % interval over seeds and images": interval(row),
        "standard deviation over seeds": f"{100 * float(row['accuracy_sd']):.2f} points",
    }


def card(name: str) -> str:
    return (ROOT / "docs" / "cards" / f"{name}.md").read_text(encoding="utf-8")


def test_every_variant_with_weights_has_a_card() -> None:
    assert {path.parents[1].name for path in ROOT.glob("results/*/*/*/weights")} == {*CARDS}


@pytest.mark.parametrize("name", CARDS)
def test_the_numbers_of_a_card_are_those_of_the_leaderboard(name: str) -> None:
    with (ROOT / "reports" / "published" / "leaderboard.csv").open(newline="", encoding="utf-8") as file:
        (row,) = (row for row in csv.DictReader(file) if row["variant"] == name)
    text = card(name).partition("## Results\n")[2].partition("## Use\n")[0]
    stated = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE))
    expected = accuracies(row) | {key: number(row) for key, number in NUMBERS.items()}
    assert {key: stated.get(key) for key in expected} == expected


@pytest.mark.parametrize("name", CARDS)
def test_the_code_of_a_card_loads_the_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"^```python\n(.*?)^```$", card(name), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    assert names["probabilities"].shape == (2, 10)  # type: ignore[attr-defined]


def test_the_data_card_counts_the_table() -> None:
    with (ROOT / "src" / "lookalike" / "data" / "clothing.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    text = card("photographs")
    labelled = [row for row in rows if row["fashion_mnist_label"]]
    stated = dict(re.findall(r"^\| (.+?) \| (\d+) \|$", text.partition("## Classes\n")[2], re.MULTILINE))
    assert {name: int(count) for name, count in stated.items() if count != "0"} == Counter(
        row["fashion_mnist_label"] for row in labelled
    )
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(rows[0])
    assert f"{len(rows)} photographs by {senders(rows)} senders" in text
    assert f"{len(labelled)} photographs by {senders(labelled)} senders" in text
    assert f"{len(rows) - len(labelled)} photographs, for example" in text
    assert f"{sum(row['doubtful'] == 'yes' for row in rows)} of the {len(rows)} rows" in text
    assert f"One sender sent {Counter(row['sender'] for row in labelled).most_common(1)[0][1]} of" in text
    assert {row["worn"] for row in rows} == {"no"}


def senders(rows: list[Row]) -> int:
    return len({row["sender"] for row in rows})


@pytest.mark.parametrize("name", ["fashion-cnn", "fashion-vit"])
def test_a_card_says_how_many_digits_are_found_to_be_none_of_the_classes(name: str) -> None:
    (folder,) = ROOT.glob(f"results/fashion/{name}/*/evaluation")
    found = load_evaluation(folder)
    outside = found.outside
    assert outside
    scores = outside_scores(found.test_logits, outside.logits, outside.test_distances, outside.distances)
    stated = [
        (one.auroc.value, 1 - one.fpr95.value) for one in map(detection, (scores[SCORE], scores["nearest neighbours"]))
    ]
    (energy, share), (neighbours, other) = ((f"{area:.2f}", f"{100 * part:.0f} %") for area, part in stated)
    text = " ".join(card(name).split())
    assert f"Of 1,000 digits of MNIST, the energy finds {share} that way (AUROC {energy})" in text
    assert f"validation images {other} ({neighbours})" in text
    assert (outside.name, len(outside.distances)) == ("mnist", 1000)
