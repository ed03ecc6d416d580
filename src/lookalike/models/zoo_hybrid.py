"""The hybrid of a residual network and a ViT (Dosovitskiy et al., ICLR 2021, section 3.1); the network is timm's."""

from lookalike.models.zoo import ZooTransformer


class ZooHybrid(ZooTransformer):
    """See `ZooTransformer`."""

    MODULE, MEMBER = "vision_transformer_hybrid", "vit_small_r26_s32_224"
    SMALL = TINY = "vit_tiny_r_s16_p8_224"
