"""ViT (Dosovitskiy et al., ICLR 2021), of timm's; `vit.py` has one written out."""

from lookalike.models.zoo import Transformer


class ZooViT(Transformer):
    """See `Transformer`."""

    MODULE, MEMBER, SMALL = "vision_transformer", "vit_small_patch16_224", "test_vit"
