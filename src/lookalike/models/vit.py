"""The vision transformer, written out so that timm's weights load into it and give the same logits.

Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale" (ICLR 2021), equations
1 to 4: an image becomes patches, patches become tokens, a class token joins them, positions are added, and blocks of
attention and MLP, each normalised first and added to its input, lead to the class token that the head reads.
The defaults are ViT-Ti/16 (Touvron et al., 2021); S and B are 384 and 768 wide with 6 and 12 heads.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from lookalike.models.attention import Attention
from lookalike.models.base import Transformer

LAYER_NORM_EPS = 1e-6


# Parts of the names of weights that differ: in timm (vision_transformer.py), and here.
class PatchEmbedding(nn.Module):
    """Cuts an image into patches that do not overlap and maps each linearly: a convolution as wide as its stride."""

    def __init__(self, channels: int, patch_size: int, embed_dim: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(channels, embed_dim, patch_size, stride=patch_size)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, L, D), patches row by row."""
        return self.projection(images).flatten(2).transpose(1, 2)  # (N, D, h, w) -> (N, L, D)


class PreNormBlock(nn.Module):
    """Attention and MLP, each on normalised tokens and each added to its input (equations 2 and 3)."""

    def __init__(self, embed_dim: int, num_heads: int, mlp_dim: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        self.attention = Attention(embed_dim, num_heads, embed_dim // num_heads)
        self.norm2 = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        layers = {"fc1": nn.Linear(embed_dim, mlp_dim), "gelu": nn.GELU(), "fc2": nn.Linear(mlp_dim, embed_dim)}
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class ViT(Transformer):
    """See the module; `features` is the normalised class token that the last layer reads.

    Args:
        patch_size: height and width of a patch; divides both sides of an image.
        embed_dim: D, the width of a token; a multiple of num_heads.
        depth, num_heads: number of blocks, and of heads in each.
        mlp_ratio: width of an MLP's hidden layer, in widths of a token.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        patch_size: int = 16,
        embed_dim: int = 192,
        depth: int = 12,
        num_heads: int = 3,
        mlp_ratio: int = 4,
    ) -> None:
        super().__init__()
        channels, height, width = input_shape
        if height % patch_size or width % patch_size:
            raise ValueError(f"patch_size {patch_size} must divide both sides of images of {height}x{width}")
        if embed_dim % num_heads or depth < 1:
            raise ValueError(f"num_heads {num_heads} must divide embed_dim {embed_dim}, depth {depth} be positive")
        self.grid = (height // patch_size, width // patch_size)
        self.patch_embedding = PatchEmbedding(channels, patch_size, embed_dim)
        self.class_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.position_embedding = nn.Parameter(torch.empty(1, 1 + self.grid[0] * self.grid[1], embed_dim))
        self.blocks = nn.Sequential(*(PreNormBlock(embed_dim, num_heads, mlp_ratio * embed_dim) for _ in range(depth)))
        self.norm = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(embed_dim, num_classes)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Positions and kernels from a normal distribution of deviation .02, cut off far out; biases zero."""
        nn.init.trunc_normal_(self.position_embedding, std=0.02)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # all have one

    def embed(self, images: Tensor) -> Tensor:
        """Tokens before the first block, the class token first (equation 1): (N, C, H, W) -> (N, 1 + L, D)."""
        patches = self.patch_embedding(images)
        return torch.cat([self.class_token.expand(len(images), -1, -1), patches], dim=1) + self.position_embedding

    @property
    def spatial(self) -> nn.Module:
        """The last layer through whose patches the class token still reaches the logits: before the last attention.

        The head reads nothing of the last block's output for patches.
        """
        return self.blocks[-1].get_submodule("norm1")

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, D)."""
        return self.norm(self.blocks(self.embed(images))[:, 0])
