"""A small made-up parameter file, and how tests change it."""

import copy
from typing import Any

import pytest

from lookalike.errors import InputError
from lookalike.params import parse_params
from lookalike.params.document import parse_document

GONE = object()
MADE_UP = """\
profile: quick
profiles:
  quick:
    demonstration: true
    data: {source: embedded, train_images: 800, test_images: 150}
    photos: {source: embedded, count: 20}
    train:
      narrow: {seeds: 2, precision: float32, max_epochs: 3, max_channels: 16}
      plain: {seeds: 1, precision: float32, max_images: 100}
      family: {seeds: 1, precision: float32, size: tiny, pretrained: false}
    evaluate: {corrupted_per_class: 1}
    explain: {variants: focus, images_per_class: 3, scored: 3, heads_scored: 1}
    embed: {variants: focus, images_per_class: 15}
    compare_with: nothing
  whole:
    demonstration: false
    data: {source: official, max_side: 96}
    photos: {source: official}
    train:
      narrow: {seeds: 3, precision: bfloat16}
      plain: {seeds: 3, precision: bfloat16}
      family: {seeds: 1, precision: bfloat16, max_epochs: 10}
    evaluate: {corrupted_per_class: 100}
    explain: {variants: all, images_per_class: 50, scored: 100, heads_scored: 10}
    embed: {variants: all, images_per_class: 500}
    compare_with: nothing
datasets:
  shapes:
    classes: [disc, ring, square]
    split: {valid_fraction: 0.2, seed: 13}
    normalise: range
  animals:
    classes: [cat, dog]
    split: {valid_fraction: 0.25, seed: 0}
    normalise: channels
    size: 224
photos:
  dataset: shapes
  collector: ring
  recipes:
    steps: {upright: true, thumbnail: [51, 73], mask: none, largest: false, crop: corner, max_aspect: null,
            resize: skip, sharpen: true, centre: true, background: false, tone: negate, stretch: [100, 255]}
costs: {study: pets}
embedding: {perplexity: 30, tsne_dims: 50, mixture_dims: 20, components: [5, 8], covariances: [full, diag], starts: 3}
groups:
  shapes: {round: [disc, ring], angled: [square]}
  animals: {all: [cat, dog]}
studies:
  forms:
    title: Round and angled
    data: shapes
    outside: animals
    pairs: [[cnn, cnn-crops], [cnn, mlp]]
    focus: [cnn, mlp]
    corrupt: true
    ten_views: [cnn-crops]
  pets: {title: Cats and dogs, data: animals, outside: animals, pairs: [], focus: [net], corrupt: false,
         ten_views: []}
variants:
  cnn:
    study: forms
    dataset: shapes
    model: simple_cnn
    model_args: {batch_norm: true}
    budget: narrow
    train: {epochs: 10, batch_size: 64, optimizer: adam, lr: 1e-3, schedule: constant}
  cnn-crops:
    study: forms
    dataset: shapes
    model: simple_cnn
    budget: narrow
    train:
      epochs: 10
      batch_size: 64
      optimizer: sgd
      momentum: 0.9
      search: {rates: [0.01, 0.1], epochs: 2}
      schedule: step
      lr_drops: [0.5, 0.75]
      lr_factor: 0.1
      warmup_epochs: 2
      keep_epochs: [1, 5]
      smoothing: {look_alikes: 0.1, others: 0.0, groups: {round: [disc, ring], angled: [square]}}
      augmentation:
        pairs: {classes: [disc], share: 0.5}
        placing: {turn: 10, scale: [0.9, 1.05], mirror: true}
        crop: 4
        colours: {hue: 10}
        tones: {gamma: [0.7, 1.5], gain: [0.6, 1.1], lift: 0.3, noise: 0.05}
  mlp:
    study: forms
    dataset: shapes
    model: mnist_mlp
    budget: plain
    train: {epochs: 10, batch_size: 64, optimizer: adam, lr: 1e-3, schedule: constant}
  net:
    study: pets
    dataset: animals
    model: zoo_vit
    model_args: {network: vit_small_patch16_224}
    budget: family
    train:
      {epochs: 30, batch_size: 32, optimizer: adam, lr: 1e-3, schedule: cosine, pretrained: true, layers: all,
       weights: {file: downloads/vit.safetensors}}
"""
CONTENT = parse_document(MADE_UP, "params.yaml")


def edited(changes: dict[str, Any]) -> dict[str, Any]:
    """The made-up file with the values at dotted paths changed, or taken out where the value is `GONE`."""
    raw: dict[str, Any] = copy.deepcopy(CONTENT)
    for path, value in changes.items():
        *above, key = path.split(".")
        section = raw
        for part in above:
            section = section[part]
        if value is GONE:
            del section[key]
        else:
            section[key] = value
    return raw


def complaint(raw: Any) -> str:
    """What is said of a file that is refused: one line, without the file's name."""
    with pytest.raises(InputError) as caught:
        parse_params(raw)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith("params.yaml: ")
    return message.removeprefix("params.yaml: ")
