"""The small vision transformer of the fashion study.

After Dosovitskiy et al., "An Image is Worth 16x16 Words" (ICLR 2021), as the source report wired it in Keras: images
resized to 32x32, 64 patches of 4x4 in 48 dimensions, a position embedding that is drawn once and never trained (Keras
did not track it), six blocks, no class token, all tokens flattened into one dense layer; 781,306 trainable parameters.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.models.attention import Block
from lookalike.models.base import Transformer
from lookalike.models.initialisation import keras_init_


class FashionViT(Transformer):
    """See the module; `features` ends with the flattened tokens that the last layer reads.

    Args:
        input_shape: of images with values in [0, 1].
        train_positions: whether the position embedding is trained (`fashion-vit-pos`) or stays at its random start.
        image_size: height and width that images are resized to, bilinearly.
        patch_size: height and width of a patch; divides image_size.
        embed_dim, depth, num_heads, head_dim, mlp_dim: widths and number of the blocks.
    """

    has_class_token = False

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        train_positions: bool = False,
        image_size: int = 32,
        patch_size: int = 4,
        embed_dim: int = 48,
        depth: int = 6,
        num_heads: int = 8,
        head_dim: int = 64,
        mlp_dim: int = 256,
    ) -> None:
        super().__init__()
        if patch_size < 1 or image_size % patch_size or depth < 1:
            raise ValueError(f"patch_size {patch_size} must divide image_size {image_size}, depth {depth} be positive")
        self.image_size = image_size
        self.grid = (image_size // patch_size, image_size // patch_size)
        num_patches = self.grid[0] * self.grid[1]
        self.patch_embedding = nn.Conv2d(input_shape[0], embed_dim, patch_size, stride=patch_size)
        self.position_embedding = nn.Parameter(torch.empty(num_patches, embed_dim), requires_grad=train_positions)
        self.blocks = nn.Sequential(*(Block(embed_dim, num_heads, head_dim, mlp_dim) for _ in range(depth)))
        self.head = nn.Linear(num_patches * embed_dim, num_classes)
        keras_init_(self.patch_embedding)
        nn.init.uniform_(self.position_embedding, -0.05, 0.05)
        keras_init_(self.head)

    def embed(self, images: Tensor) -> Tensor:
        """Tokens before the first block, patch plus position: (N, C, H, W) -> (N, L, D)."""
        images = F.interpolate(images, size=self.image_size, mode="bilinear", align_corners=False)
        patches = self.patch_embedding(images).flatten(2).transpose(1, 2)  # (N, D, h, w) -> (N, L, D)
        return patches + self.position_embedding

    @property
    def spatial(self) -> nn.Module:
        """The last layer whose output has spatial positions: the last block's tokens, all of them patches."""
        return self.blocks[-1]

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, L*D)."""
        return self.blocks(self.embed(images)).flatten(1)
