"""MobileNetV3 (Howard et al., ICCV 2019), of timm's."""

from lookalike.models.zoo import Convolutional


class ZooMobileNet(Convolutional):
    """See `ZooModel`. A layer stands between the means of the last planes and the head, so that CAM does not apply."""

    MODULE, MEMBER, SMALL = "mobilenetv3", "mobilenetv3_large_100", "mobilenetv3_small_050"
    HEAD, SPATIAL = "classifier", "blocks"
