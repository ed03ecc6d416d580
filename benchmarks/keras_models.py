"""The two models of the fashion study in Keras, as the source report wired them; both end with logits.

`lookalike.models.fashion_cnn` and `lookalike.models.fashion_vit` are ports of these. Needs Keras, which the project
itself does not: see `train_step.py` for the environment that has it.
"""

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

PATCHES, EMBED_DIM = 64, 48


def fashion_cnn() -> keras.Model:
    """Three convolutions and two dense layers: 88,874 parameters."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Dropout(0.2),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Dropout(0.2),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10),
        ]
    )


def fashion_vit(positions: NDArray[np.float32] | None = None) -> keras.Model:
    """Six blocks over 64 patches: 781,306 parameters.

    Args:
        positions: (64, 48), added to the patches; by default drawn as Keras's `Embedding` draws. The report called
            that layer on a constant, outside of the model's graph, which leaves a constant and nothing to train.
    """
    if positions is None:
        positions = np.random.RandomState(0).uniform(-0.05, 0.05, (PATCHES, EMBED_DIM)).astype(np.float32)
    images = keras.Input((28, 28, 1))
    resized = layers.Resizing(32, 32, name="resized")(images)
    tokens = layers.Conv2D(EMBED_DIM, 4, strides=4)(resized)
    tokens = layers.Reshape((PATCHES, EMBED_DIM))(tokens) + positions
    for _ in range(6):
        tokens = block(tokens)
    return keras.Model(images, layers.Dense(10)(layers.Flatten()(tokens)))


def block(tokens: keras.KerasTensor) -> keras.KerasTensor:
    """One block; its second residual starts from the block's input, as in the report."""
    attended = layers.MultiHeadAttention(num_heads=8, key_dim=64)(tokens, tokens)
    attended = layers.LayerNormalization()(attended + tokens)
    hidden = layers.Dense(256, activation="relu")(attended)
    return layers.LayerNormalization()(layers.Dense(EMBED_DIM)(hidden) + tokens)
