"""EfficientNet (Tan & Le, ICML 2019); the network is timm's."""

from lookalike.models.zoo import Averaging


class ZooEfficientNet(Averaging):
    """See `ZooModel`."""

    MODULE, MEMBER = "efficientnet", "efficientnet_b0"
    SMALL, TINY = "tf_efficientnet_lite0", "test_efficientnet"
    HEAD, SPATIAL = "classifier", "net.bn2"
