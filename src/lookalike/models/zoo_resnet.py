"""ResNet (He, Zhang, Ren & Sun, CVPR 2016); the network is timm's."""

from lookalike.models.zoo import Averaging


class ZooResNet(Averaging):
    """See `ZooModel`."""

    MODULE, MEMBER = "resnet", "resnet50.tv_in1k"
    SMALL, TINY = "resnet18", "test_resnet"
    HEAD, SPATIAL = "fc", "net.layer4"
