"""The first seed of each focus variant as a model in MLflow's registry, which `mlflow.pyfunc.load_model` opens."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lookalike.artifacts.datasets import load_test_images
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import weights_file
from lookalike.params import Params
from lookalike.tracking.records import FinishedVariant
from lookalike.tracking.runs import PUBLISHED, Identity
from lookalike.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

PREFIX = "lookalike-"  # of the names of registered models
ALIAS = "current"  # of the version that is the model on disk
LOADER = "lookalike.evaluation.released"  # the module that MLflow loads such a model with
ABOUT = (
    "Takes images, uint8 in the shape of the input example, and returns the probability of each class. It needs this "
    "project's package, so load it in the project's environment."
)


@dataclass(frozen=True)
class Release:
    """A model to be released: the first seed of `trained` that did not diverge.

    Attributes:
        models: the folder of the variant's models.
        data: the folder of the data set that it was trained on.
    """

    trained: FinishedVariant
    models: Path
    data: Path

    @property
    def identity(self) -> Identity:
        """The identity of its run."""
        return self.trained.identity(self.trained.description.finished_seeds[0])

    @property
    def name(self) -> str:
        return PREFIX + self.identity.variant

    @property
    def files(self) -> tuple[Path, ...]:
        """Its description, its weights, and the data set's mean and standard deviation."""
        weights = weights_file(self.trained.description.finished_seeds[0])
        return self.models / "model.json", self.models / weights, self.data / "dataset.json"

    @property
    def digest(self) -> str:
        """SHA-256 over identity and files."""
        sha = hashlib.sha256(repr(self.identity).encode())
        for path in self.files:
            sha.update(path.name.encode() + path.read_bytes())
        return sha.hexdigest()

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of an image: (H, W) or (H, W, 3)."""
        channels, height, width = self.trained.description.input_shape
        return (height, width) if channels == 1 else (height, width, channels)


def releases(variants: Iterable[FinishedVariant], params: Params, folder: Path) -> Iterator[Release]:
    """The trained focus variants, if the images in `folder` are those that they were trained on."""
    for trained in variants:
        study, variant, description = trained.about["study"], trained.about["variant"], trained.description
        if variant not in params.studies[study].focus or not description.finished_seeds:
            continue
        data = folder / "data" / description.dataset
        about = data / "dataset.json"
        if about.exists() and read_json(about)["digest"] == description.dataset_digest:
            yield Release(trained, folder / "models" / study / variant, data)


def publish_models(store: Store, released: Iterable[Release], ids: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Register every release unless that was done before, and move the alias to it; returns addresses by variant.

    Args:
        ids: of the runs, by variant and seed.
    """
    pattern, addresses = f"name LIKE '{PREFIX}%'", dict[str, str]()
    known = {one.name: one for one in store.client.search_registered_models(pattern)}
    published = {
        (one.name, one.run_id, one.tags.get(PUBLISHED)): str(one.version)
        for one in store.client.search_model_versions(pattern)
    }
    for release in released:
        name, run_id, digest = release.name, ids[release.identity.variant][str(release.identity.seed)], release.digest
        if name not in known:
            known[name] = store.client.create_registered_model(name, description=f"{release.trained.note}\n\n{ABOUT}")
        version = published.get((name, run_id, digest)) or register(store, release, run_id, digest)
        if str(known[name].aliases.get(ALIAS)) != version:
            store.client.set_registered_model_alias(name, ALIAS, version)
        addresses[release.identity.variant] = f"models:/{name}/{version}"
    return addresses


def register(store: Store, release: Release, run_id: str, digest: str) -> str:
    """Log the model as an output of its run, and make it a new version; returns its number.

    The version comes last, with the digest, so that an interrupted publication is repeated.
    """
    from mlflow.entities import LoggedModelOutput

    client, tags = store.client, release.identity.tags
    experiment = store.experiment(release.identity.study)
    model = client.create_logged_model(experiment, name=release.name, source_run_id=run_id, tags=tags)
    target = store.artifact_folder(model.artifact_location)
    with TemporaryDirectory() as temporary:
        path = target or Path(temporary) / "model"
        write_model(path, release, model.model_id, run_id)
        if target is None:
            client.log_model_artifacts(model.model_id, str(path))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    version = client.create_model_version(
        release.name, model.artifact_location, run_id, tags=tags | {PUBLISHED: digest}, model_id=model.model_id
    )
    registered = [{"name": release.name, "version": int(version.version)}]
    client.set_logged_model_tags(model.model_id, {"mlflow.modelVersions": json.dumps(registered)})  # the UI's link
    return str(version.version)


def write_model(path: Path, release: Release, model_id: str, run_id: str) -> None:
    """Write the folder of a model as MLflow wants it; torch is not imported. DVC may have made the files read-only."""
    from mlflow import pyfunc
    from mlflow.models import Model

    libraries = release.trained.about.get("libraries", {})
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        folder.mkdir()
        for file in release.files:
            shutil.copyfile(file, folder / file.name)
        pyfunc.save_model(
            path,
            loader_module=LOADER,
            data_path=folder,
            mlflow_model=Model(run_id=run_id, model_id=model_id),
            signature=signature(release),
            input_example=load_test_images(release.data)[:1],
            pip_requirements=["numpy", "pydantic", "safetensors", *(f"{one}=={libraries[one]}" for one in libraries)],
        )


def signature(release: Release) -> "ModelSignature":
    """What the model takes and returns: uint8 images (N, H, W[, 3]), probabilities (N, C)."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    images = TensorSpec(np.dtype(np.uint8), (-1, *release.image_shape))
    probabilities = TensorSpec(np.dtype(np.float64), (-1, len(release.trained.description.class_names)))
    return ModelSignature(Schema([images]), Schema([probabilities]))
