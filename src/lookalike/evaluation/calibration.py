"""Temperature scaling: one number that makes a model as sure as it is right."""

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Ints, negative_log_likelihood

COLDEST, HOTTEST = 0.01, 100.0


def fit_temperature(logits: NDArray[np.floating], labels: Ints) -> float:
    """The T > 0 that minimises the negative log-likelihood of softmax(logits / T).

    Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), section 4.2. To be fitted on validation images;
    it changes no prediction. The likelihood has one optimum, searched in [.01, 100].

    Args:
        logits: (N, C).
        labels: (N,).
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(logits / np.exp(log_t), labels),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return float(np.exp(found.x))
