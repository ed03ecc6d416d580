"""EfficientNet (Tan & Le, ICML 2019), of timm's."""

from lookalike.models.zoo import Averaging


class ZooEfficientNet(Averaging):
    """See `ZooModel`."""

    MODULE, MEMBER, SMALL = "efficientnet", "efficientnet_b0", "test_efficientnet"
    HEAD, SPATIAL = "classifier", "bn2"
