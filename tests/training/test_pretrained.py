"""Weights to begin with: where they come from, how images are prepared for them, and what of them is trained."""

import hashlib
import math
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import huggingface_hub
import pytest
import timm
import torch
from conftest import effective, granted
from safetensors.torch import load_file, save_file
from served import Quiet, serving
from torchvision.models import GoogLeNet_Weights, googlenet

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import PublishedWeights, load_description, load_weights, save_model
from lookalike.errors import InputError
from lookalike.models.registry import find_family
from lookalike.params import Variant
from lookalike.runtime import Runtime
from lookalike.training.pretrained import StartingWeights, is_weights, network_of, starting_weights
from lookalike.training.train_variant import TrainedVariant, train_variant

NETWORK = "test_resnet"
HTML = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"
MakeVariant = Callable[..., Variant]
Train = Callable[..., TrainedVariant]


@pytest.fixture
def make(make_variant: MakeVariant) -> MakeVariant:
    """A variant that begins with published weights."""

    def made(**train: Any) -> Variant:
        return make_variant("zoo_resnet", model_args={"network": NETWORK}, **{"epochs": 1, "pretrained": True, **train})

    return made


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A file of weights for a thousand classes, made on the spot, in a mirror of its own."""
    return publish(tmp_path / "mirror")


def publish(mirror: Path, seed: int = 3) -> Path:
    """Weights for a thousand classes in the mirror's folder for them."""
    torch.manual_seed(seed)
    file = mirror / "weights" / f"{NETWORK}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(timm.create_model(NETWORK, num_classes=1000).state_dict(), file)
    return file


@pytest.fixture
def find(tmp_path: Path) -> Callable[..., StartingWeights | None]:
    """The weights that a variant begins with: `find(variant, mirror)`; the project lies in a folder of its own."""

    def found(variant: Variant, mirror: str | None = None, **caps: Any) -> StartingWeights | None:
        return starting_weights(effective(variant, **caps), mirror, tmp_path / "project")

    return found


@pytest.fixture
def train(colour_dataset: Dataset, runtime: Runtime, tmp_path: Path) -> Train:
    def trained(variant: Variant, mirror: Path | None = None, **caps: Any) -> TrainedVariant:
        budget = granted(max_images=16, **caps)
        settings = effective(variant, budget)
        return train_variant(
            settings,
            budget.seeds,
            colour_dataset,
            runtime,
            checkpoint=lambda training: tmp_path / f"{variant.train.layers}-{training}.pt",
            weights=starting_weights(settings, mirror and str(mirror), tmp_path),
        )

    return trained


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


# --- where they come from -------------------------------------------------------------------------------------------


def test_a_file_comes_first_then_the_mirror_then_the_publisher(
    make: MakeVariant,
    find: Callable[..., StartingWeights | None],
    published: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, mirror, hub = (publish(tmp_path / "own", 4), str(published.parents[1]), publish(tmp_path / "hub", 5))
    monkeypatch.setattr(find_family("zoo_resnet"), "fetch_weights", lambda network: hub)
    named = make(weights={"file": str(own)})
    for file, variant, where in ((own, named, mirror), (published, make(), mirror), (hub, make(), None)):
        assert find(variant, where) == StartingWeights(NETWORK, file, sha256(file))
    assert find(make(), "") == find(make(), None), "an empty address is none"
    assert find(make(), mirror, pretrained=False) is None
    assert find(make(pretrained=False), mirror) is None
    assert not (tmp_path / "project").exists(), "what lies in a folder is used where it is"


def test_a_relative_path_begins_at_the_project_s_root(
    make: MakeVariant, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`dvc exp run --temp` runs in a copy that lacks what git ignores, and says where the project is."""
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")
    settings = effective(make(weights={"file": f"weights/{published.name}"}))
    found = starting_weights(settings, None, published.parents[1])
    assert found is not None
    assert found.file == published


def test_a_file_that_is_not_there_is_named(make: MakeVariant, find: Callable[..., StartingWeights | None]) -> None:
    with pytest.raises(InputError, match=r"\Atrain.weights.file: nowhere.pth: no such file\Z"):
        find(make(weights={"file": "nowhere.pth"}))
    lite0 = "downloads/weights/tf_efficientnet_lite0.safetensors"
    with pytest.raises(InputError, match=rf"\Atrain.weights.file: {lite0}: no such file; `lookalike weights` writes"):
        find(make(weights={"file": lite0}))


def test_a_file_with_another_checksum_is_refused_with_both(
    make: MakeVariant, find: Callable[..., StartingWeights | None], published: Path
) -> None:
    right, wrong = sha256(published), "0" * 64
    assert find(make(weights={"file": str(published), "sha256": right})) is not None
    for weights, mirror in (({"file": str(published)}, None), ({}, str(published.parents[1]))):
        with pytest.raises(InputError) as caught:
            find(make(weights=weights | {"sha256": wrong}), mirror)
        assert str(caught.value) == f"{published}: its SHA-256 is {right}, but train.weights.sha256 is {wrong}"


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_mirror_may_be_an_address(
    make: MakeVariant, find: Callable[..., StartingWeights | None], published: Path, tmp_path: Path, suffix: str
) -> None:
    file = published.with_suffix(suffix)
    if suffix == ".pth":
        torch.save(load_file(published), file)
        published.unlink()
    with serving(published.parents[1]) as address:
        found = find(make(), address)
    assert found is not None
    assert found.file.read_bytes() == file.read_bytes()
    assert found.file.is_relative_to(tmp_path / "project" / "downloads")
    assert [path.name for path in found.file.parent.iterdir()] == [file.name]


def test_an_earlier_download_never_takes_the_place_of_what_the_mirror_has_now(
    make: MakeVariant, find: Callable[..., StartingWeights | None], published: Path
) -> None:
    with serving(published.parents[1]) as address:
        before = find(make(), address)
        publish(published.parents[1], seed=4)
        after = find(make(), address)
        published.unlink()
        with pytest.raises(InputError, match="the mirror gives no weights"):
            find(make(), address)
    assert before is not None
    assert after is not None
    assert before.sha256 != after.sha256


def test_a_download_with_the_checksum_of_the_settings_needs_no_mirror(
    make: MakeVariant, find: Callable[..., StartingWeights | None], published: Path
) -> None:
    variant = make(weights={"sha256": sha256(published)})
    with serving(published.parents[1]) as address:
        found = find(variant, address)
    assert find(variant, address) == found


@contextmanager
def nobody(folder: Path) -> Iterator[str]:
    """An address at which nobody answers any more."""
    with serving(folder) as address:
        pass
    yield address


@contextmanager
def lying(folder: Path) -> Iterator[str]:
    """The folder itself."""
    yield str(folder)


@pytest.mark.parametrize(
    ("mirror", "reason"),
    [(lying, "no such file"), (serving, "HTTP 404"), (nobody, "ConnectionError, 1 attempts")],
    ids=["folder", "address", "nobody"],
)
def test_a_mirror_without_the_file_is_an_error_and_the_publisher_is_not_asked(
    make: MakeVariant,
    find: Callable[..., StartingWeights | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mirror: Callable[[Path], AbstractContextManager[str]],
    reason: str,
) -> None:
    monkeypatch.setattr(find_family("zoo_resnet"), "fetch_weights", lambda network: pytest.fail("asked"))
    with mirror(tmp_path) as where, pytest.raises(InputError) as caught:
        find(make(), where)
    said = str(caught.value)
    assert said.startswith(f"the mirror gives no weights of {NETWORK} (")
    assert f"{where}/weights/{NETWORK}.safetensors: {reason})" in said
    assert said.endswith("); unset LOOKALIKE_MIRROR to look elsewhere")
    assert "\n" not in said


class Guarded(Quiet):
    """Serves files to whoever knows the password, and nothing to others."""

    def do_GET(self) -> None:  # noqa: N802  # as the standard library names it
        known = "Basic " + b64encode(b"ann:secret").decode()
        if self.headers.get("Authorization") == known:
            super().do_GET()
        else:
            self.send_error(401)


@contextmanager
def guarded(folder: Path) -> Iterator[str]:
    """The address of a guarded mirror, without user and password."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Guarded, directory=str(folder))) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_password_of_a_mirror_is_used_and_never_shown(
    make: MakeVariant,
    find: Callable[..., StartingWeights | None],
    published: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    messages = []
    with guarded(published.parents[1]) as host:
        assert find(make(), f"http://ann:secret@{host}") is not None
        published.write_bytes(HTML)
        for address in (f"http://ann:secret@{host}/", f"http://ann:wrong@{host}", "http://ann:secret@127.0.0.1:9"):
            with pytest.raises(InputError) as caught:
                find(make(), address)
            messages.append(str(caught.value))
    for said in (*messages, *capsys.readouterr(), caplog.text):
        assert "secret" not in said
        assert "wrong" not in said
    assert f"http://{host}/weights/{NETWORK}.safetensors: " in messages[0]
    assert "HTTP 401" in messages[1]


# --- what is no file of weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [HTML, b"", b"nothing of the kind"])
def test_what_is_no_file_of_weights_is_refused_and_not_kept(
    make: MakeVariant, find: Callable[..., StartingWeights | None], published: Path, tmp_path: Path, content: bytes
) -> None:
    published.write_bytes(content)
    with serving(published.parents[1]) as address:
        for variant, mirror in ((make(weights={"file": str(published)}), None), (make(), str(published.parents[1]))):
            with pytest.raises(InputError, match=rf"\A{published}: no file of weights \([^\n]*\Z"):
                find(variant, mirror)
        with pytest.raises(InputError, match=rf"\A{address}/weights/{published.name}: no file of weights \([^\n]*\Z"):
            find(make(), address)
    assert [path for path in (tmp_path / "project").rglob("*") if path.is_file()] == []
    assert published.read_bytes() == content, "what a person named stays where it is"


def test_what_the_publisher_s_cache_has_in_place_of_weights_does_not_stay_there(
    make: MakeVariant,
    find: Callable[..., StartingWeights | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blob, link = tmp_path / "blobs" / "5eed", tmp_path / "snapshots" / "model.safetensors"
    for path in (blob, link):
        path.parent.mkdir()
    blob.write_bytes(HTML)
    link.symlink_to(blob)
    monkeypatch.setattr(find_family("zoo_resnet"), "fetch_weights", lambda network: link)
    with pytest.raises(
        InputError, match=rf"\Athe published weights of {NETWORK} cannot be had \([^\n]*no file of weig"
    ):
        find(make())
    assert not blob.exists()
    assert not link.is_symlink()


@pytest.mark.parametrize("zipped", [True, False])
def test_both_of_torch_s_formats_are_weights(tmp_path: Path, zipped: bool) -> None:
    torch.save({"weight": torch.ones(3)}, tmp_path / "weights.pth", _use_new_zipfile_serialization=zipped)
    assert is_weights(tmp_path / "weights.pth")


@pytest.mark.parametrize("part", [0.5, 0.99])
def test_a_part_of_a_file_is_no_weights(published: Path, part: float) -> None:
    torch.save(load_file(published), zipped := published.with_suffix(".pth"))
    for file in (published, zipped):
        assert is_weights(file)
        content = file.read_bytes()
        file.write_bytes(content[: int(part * len(content))])
        assert not is_weights(file)


# --- the publishers' caches -----------------------------------------------------------------------------------------


def test_the_publisher_s_weights_are_taken_from_the_hub_s_cache(
    make: MakeVariant, train: Train, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the hub lays its cache out, and without a network."""
    commit, name = "c0ffee", timm.get_pretrained_cfg(NETWORK).hf_hub_id.replace("/", "--")
    repository = tmp_path / "hub" / f"models--{name}"
    snapshot = repository / "snapshots" / commit / "model.safetensors"
    snapshot.parent.mkdir(parents=True)
    published.rename(snapshot)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    trained = train(make(layers="head"))
    assert trained.description.weights == PublishedWeights(NETWORK, sha256(snapshot))
    assert torch.equal(trained.weights[0]["net.conv1.0.weight"], load_file(snapshot)["conv1.0.weight"])


def test_those_of_torchvision_are_taken_from_torch_s_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = GoogLeNet_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    file = tmp_path / "hub" / "checkpoints" / name
    file.parent.mkdir(parents=True)
    state = googlenet(num_classes=1000, aux_logits=True, init_weights=False).state_dict()
    torch.save(state, file)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    family = find_family("zoo_googlenet")
    found = family.fetch_weights("googlenet")
    assert found == file
    model = family(input_shape=(3, 32, 32), num_classes=7, weights=str(found))
    assert torch.equal(model.state_dict()["net.conv1.conv.weight"], state["conv1.conv.weight"])


def test_those_of_torchvision_are_checked_when_they_are_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their name has the first digits of their SHA-256: a login page does not reach the cache."""
    published = GoogLeNet_Weights.IMAGENET1K_V1
    name = published.url.rpartition("/")[2]
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / name).write_bytes(HTML)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with serving(tmp_path / "site") as address:
        monkeypatch.setattr(published.value, "url", f"{address}/{name}")
        with pytest.raises(RuntimeError, match="invalid hash value"):
            find_family("zoo_googlenet").fetch_weights("googlenet")
    assert [path for path in (tmp_path / "hub").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("error", [OSError("no route to host\nand more"), RuntimeError("x" * 1000)])
def test_weights_that_cannot_be_had_say_how_to_provide_them(
    error: Exception, make: MakeVariant, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*names: Any, **options: Any) -> Any:
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    with pytest.raises(InputError) as caught:
        train(make())
    said = str(caught.value)
    assert said.startswith(f"the published weights of {NETWORK} cannot be had (")
    assert "); name a file of them as train.weights.file" in said
    assert f"weights/{NETWORK}.safetensors" in said
    assert "\n" not in said
    assert len(said) < 600
    assert ("(no route to host and more)" in said) == isinstance(error, OSError)


def test_a_network_without_published_weights_is_an_error_of_one_line(make_variant: MakeVariant, train: Train) -> None:
    with pytest.raises(InputError, match=r"\Athe published weights of resnet5 cannot be had \([^\n]*\Z"):
        train(make_variant("zoo_resnet", model_args={"network": "resnet5"}, epochs=1, pretrained=True))


def test_weights_of_another_network_are_an_error_of_one_line(make: MakeVariant, train: Train, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    save_file({"stem.weight": torch.ones(3)}, file)
    said = rf"\Athe published weights of {NETWORK} cannot be had \([^\n]*Missing key[^\n]*\Z"
    with pytest.raises(InputError, match=said):
        train(make(weights={"file": str(file)}))


def test_without_a_name_the_weights_are_those_of_the_family_s_member(make_variant: MakeVariant) -> None:
    def network(**arguments: str) -> str:
        return network_of(effective(make_variant("zoo_hybrid", model_args=arguments)))

    assert network() == "vit_small_r26_s32_224"
    assert network(network="vit_tiny_r_s16_p8_224") == "vit_tiny_r_s16_p8_224"
    assert network(size="small") == "vit_tiny_r_s16_p8_224", "the member that a model of this size is"
    assert network(size="small", network="vit_small_r26_s32_224") == "vit_tiny_r_s16_p8_224"
    with pytest.raises(InputError, match=r"\Amodel zoo_hybrid: size must be one of tiny, small, got huge\Z"):
        network(size="huge")


# --- how they are trained -------------------------------------------------------------------------------------------


def test_a_linear_probe_trains_the_head_alone(make: MakeVariant, train: Train, published: Path) -> None:
    trained = train(make(layers="head", lr=0.1), published.parents[1])
    begun = timm.create_model(NETWORK, pretrained=True, pretrained_cfg_overlay={"file": str(published)}).state_dict()
    state = trained.weights[0]
    inner = {name.removeprefix("net."): value for name, value in state.items() if name.startswith("net.")}
    assert inner.keys() == {name for name in begun if not name.startswith("fc.")}
    assert all(torch.equal(value, begun[name]) for name, value in inner.items()), "statistics of batches stay as well"
    assert state["head.weight"].any()


def test_fine_tuning_trains_all_of_it(make: MakeVariant, train: Train, published: Path) -> None:
    trained = train(make(epochs=2), published.parents[1])  # a head of zeros lets nothing through in the first step
    state, begun = trained.weights[0], trained.kept[0]
    changed = {name for name, value in state.items() if not torch.equal(value, begun[name])}
    assert "net.conv1.0.weight" in changed
    assert "head.weight" in changed


@pytest.mark.parametrize("layers", ["all", "head"])
def test_the_first_loss_is_that_of_equal_probabilities(
    make: MakeVariant, train: Train, published: Path, layers: str
) -> None:
    """The new head begins at zero; within one step of such a rate nothing moves."""
    trained = train(make(layers=layers, lr=1e-12), published.parents[1])
    assert trained.history[0].train_loss == pytest.approx(math.log(10), abs=1e-6)


@pytest.mark.parametrize("layers", ["all", "head"])
def test_what_a_run_began_with_is_kept_once_for_all_seeds(
    make: MakeVariant, train: Train, published: Path, tmp_path: Path, layers: str
) -> None:
    trained = train(make(layers=layers), published.parents[1], seeds=2)
    save_model(tmp_path / "model", trained.description, trained.weights, trained.history, trained.kept)
    assert sorted(path.name for path in (tmp_path / "model").glob("*.safetensors")) == [
        "seed-0.safetensors",
        "seed-1.safetensors",
        "start.safetensors",
    ]
    start = load_weights(tmp_path / "model", 1, epoch=0)
    source = load_file(published)
    inner = {name.removeprefix("net."): value for name, value in start.items() if name.startswith("net.")}
    assert all(torch.equal(value, source[name]) for name, value in inner.items())
    assert not start["head.weight"].any()
    assert load_description(tmp_path / "model").kept_epochs == (), "it is no epoch"


def test_without_published_weights_nothing_of_the_beginning_is_kept(make: MakeVariant, train: Train) -> None:
    assert train(make(pretrained=False)).kept == {}


def test_images_are_prepared_as_the_weights_want_them(
    make: MakeVariant, train: Train, published: Path, colour_dataset: Dataset, tmp_path: Path
) -> None:
    trained = train(make(), published.parents[1])
    assert trained.description.preprocessing.mean == timm.get_pretrained_cfg(NETWORK).mean
    fresh = train(make(pretrained=False)).description
    assert (fresh.preprocessing, fresh.weights) == (None, None)


def test_model_json_says_which_weights_they_were(
    make: MakeVariant, train: Train, published: Path, tmp_path: Path
) -> None:
    """What the fingerprint of the run has as well."""
    trained = train(make(), published.parents[1])
    save_model(tmp_path / "model", trained.description, {}, [])
    assert load_description(tmp_path / "model") == trained.description
    assert trained.description.weights == PublishedWeights(NETWORK, sha256(published))
