"""A worker of `train_step.py`: the training step of Keras, as `fit` runs it. Needs tensorflow and keras."""

from collections.abc import Callable

import keras
import keras_models
import numpy as np
import tensorflow as tf
from worker import BATCH_SIZE, BATCHES, WARM_UP, arguments, random_images, serve


def main() -> None:
    """Build and compile the model as the source report does and wait for orders."""
    asked = arguments()
    # Within an operation and between operations; without these calls Keras would use all cores for both.
    tf.config.threading.set_intra_op_parallelism_threads(asked.threads)
    tf.config.threading.set_inter_op_parallelism_threads(asked.threads)
    keras.utils.set_random_seed(0)
    model = getattr(keras_models, asked.model)()
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    serve(fit_steps(model), f"tensorflow {tf.__version__}, keras {keras.__version__}")


def fit_steps(model: keras.Model) -> Callable[[int], float]:
    """A function that makes that many updates.

    It calls the compiled `train_function` on an iterator, which is what `fit` does for a step. That is fair to Keras:
    graph mode, forward pass, backward pass, update and metrics in one call, and nothing of what `fit` adds around it
    (progress bar, callbacks) nor of what `train_on_batch` adds (it takes arrays in and reads metrics back every time).
    Ready-made batches come from a `tf.data` pipeline in memory. XLA is left as Keras chooses: off without a GPU.
    """
    images, labels = random_images()
    inputs = images.reshape(BATCHES, BATCH_SIZE, 28, 28, 1).astype(np.float32) / 255
    dataset = tf.data.Dataset.from_tensor_slices((inputs, labels.reshape(BATCHES, BATCH_SIZE))).repeat()
    model.fit(dataset, steps_per_epoch=WARM_UP, shuffle=False, verbose=0)  # builds `train_function`
    iterator = iter(dataset)

    def run(steps: int) -> float:
        for _ in range(steps):
            logs = model.train_function(iterator)
        return float(logs["loss"])  # waits for the last step

    return run


if __name__ == "__main__":
    main()
