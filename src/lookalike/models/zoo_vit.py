"""ViT (Dosovitskiy et al., ICLR 2021); the network is timm's, and `vit.py` has one written out."""

from lookalike.models.zoo import ZooTransformer


class ZooViT(ZooTransformer):
    """See `ZooTransformer`."""

    MODULE, MEMBER = "vision_transformer", "vit_small_patch16_224"
    SMALL, TINY = "vit_tiny_patch16_224", "test_vit"
