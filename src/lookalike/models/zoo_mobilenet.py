"""MobileNetV3 (Howard et al., ICCV 2019); the network is timm's."""

from lookalike.models.zoo import ZooModel


class ZooMobileNet(ZooModel):
    """See `ZooModel`. CAM does not apply: a layer lies between the means of the last feature maps and the head."""

    MODULE, MEMBER = "mobilenetv3", "mobilenetv3_large_100"
    SMALL, TINY = "mobilenetv3_small_100", "mobilenetv3_small_050"
    HEAD, SPATIAL = "classifier", "net.blocks"
