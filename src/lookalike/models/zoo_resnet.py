"""ResNet (He, Zhang, Ren & Sun, CVPR 2016), of timm's."""

from lookalike.models.zoo import Averaging


class ZooResNet(Averaging):
    """See `ZooModel`."""

    MODULE, MEMBER, SMALL = "resnet", "resnet50.tv_in1k", "test_resnet"
    HEAD, SPATIAL = "fc", "layer4"
