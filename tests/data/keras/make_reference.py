"""Compute with Keras what `tests/models/test_keras_reference.py` holds our vision transformer against.

    python make_reference.py      # with tensorflow-cpu 2.21.0 and keras 3.15.1, e.g. from the benchmark's environment

The files beside this script:

* `images.npz`: the first 64 training images of the fashion study's split, their labels, the first eight test images.
* `fashion_cnn.npz`: the CNN's weights as Keras once initialised it (`wNNN|layer/name`, in Keras's layouts) and what
  Keras computed from them.
* `fashion_vit.npz`: the same figures of the vision transformer, written by this script. Its weights would take
  3 MB, so they are not stored: script and test both draw them, with `draw_vit_weights`.
"""

import math
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
BENCHMARKS = HERE.parents[2] / "benchmarks"

Array, Bytes = NDArray[np.float32], NDArray[np.uint8]
Shape = tuple[int, ...]


def draw_vit_weights() -> tuple[Array, list[Array]]:
    """The fixed positions (64, 48), then 100 weights in Keras's order, all from one stream.

    Kernels are uniform within Glorot's limit, as Keras draws them. Biases and offsets, which Keras starts at zero,
    are uniform within .05 here, so that no term of the model goes unchecked.
    """
    stream = RandomState(0)
    positions = uniform(stream, 0.05, (64, 48))
    weights = draw_layer(stream, (4, 4, 1, 48), (48,))
    for _ in range(6):
        for _ in ("queries", "keys", "values"):
            weights += draw_layer(stream, (48, 8, 64), (8, 64))
        weights += draw_layer(stream, (8, 64, 48), (48,))
        weights += draw_norm(stream)
        weights += draw_layer(stream, (48, 256), (256,))
        weights += draw_layer(stream, (256, 48), (48,))
        weights += draw_norm(stream)
    weights += draw_layer(stream, (3072, 10), (10,))
    return positions, weights


def draw_layer(stream: RandomState, kernel: Shape, bias: Shape) -> list[Array]:
    """Kernel and bias of a convolution, a dense layer or one of attention's four projections."""
    return [uniform(stream, glorot_limit(kernel, bias), kernel), uniform(stream, 0.05, bias)]


def draw_norm(stream: RandomState) -> list[Array]:
    """Gamma and beta of a layer normalisation over 48 channels."""
    return [np.ones(48, np.float32), uniform(stream, 0.05, (48,))]


def uniform(stream: RandomState, limit: float, shape: Shape) -> Array:
    """Numbers in [-limit, limit)."""
    return stream.uniform(-limit, limit, shape).astype(np.float32)


def glorot_limit(kernel: Shape, bias: Shape) -> float:
    """The bound of Keras's Glorot-uniform kernels, from the shapes of kernel and bias in Keras's layouts."""
    outputs = math.prod(bias)
    fan_in = math.prod(kernel) // outputs
    fan_out = outputs * (kernel[0] * kernel[1] if len(kernel) == 4 else 1)  # a convolution's taps count
    return math.sqrt(6 / (fan_in + fan_out))


def main() -> None:
    """Write `fashion_vit.npz`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.append(str(BENCHMARKS))
    from keras_models import fashion_vit

    positions, weights = draw_vit_weights()
    model = fashion_vit(positions)
    model.set_weights(weights)
    with np.load(HERE / "images.npz") as images:
        figures = keras_figures(model, **images)
    np.savez_compressed(HERE / "fashion_vit.npz", **figures)


def keras_figures(
    model: Any, train_images: Bytes, train_labels: Bytes, test_images: Bytes
) -> dict[str, NDArray[np.floating]]:
    """Resize, logits, gradient norms and three Adam steps of a Keras model, without dropout."""
    import keras

    train_images, test_images = as_input(train_images), as_input(test_images)
    resized = keras.Model(model.input, model.get_layer("resized").output)
    figures = {
        "resized_test_images": resized(test_images).numpy(),
        "test_logits": model(test_images).numpy(),
        "grad_norms": np.array([np.linalg.norm(g) for g in loss_and_gradients(model, train_images, train_labels)[1]]),
    }
    optimizer = keras.optimizers.Adam(1e-3, epsilon=1e-7)
    losses = []
    for _ in range(3):
        loss, gradients = loss_and_gradients(model, train_images, train_labels)
        optimizer.apply(gradients, model.trainable_variables)
        losses.append(float(loss))
    figures["losses_of_three_adam_steps"] = np.array(losses)
    figures["test_logits_after_three_steps"] = model(test_images).numpy()
    return figures


def loss_and_gradients(model: Any, images: Array, labels: Bytes) -> tuple[Any, list[Array]]:
    """Mean cross-entropy, and its gradient by every trainable weight in Keras's order."""
    import keras
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, model(images, training=False))
    return loss, [gradient.numpy() for gradient in tape.gradient(loss, model.trainable_variables)]


def as_input(images: Bytes) -> Array:
    """(N, 28, 28) -> (N, 28, 28, 1) in [0, 1]."""
    return images[..., None].astype(np.float32) / np.float32(255)


if __name__ == "__main__":
    main()
