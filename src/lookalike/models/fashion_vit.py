"""The small vision transformer of the fashion study.

After Dosovitskiy et al., "An Image is Worth 16x16 Words" (ICLR 2021), as the source report wired it in Keras: images
resized to 32x32, 64 patches of 4x4 in 48 dimensions, a position embedding that is drawn once and never trained (Keras
did not track it), six blocks, no class token, all tokens flattened into one dense layer; 781,306 trainable parameters.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.models.layers import keras_init_

LAYER_NORM_EPS = 1e-3  # Keras's default


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al., 2017) whose heads may be wider than embed_dim / num_heads.

    Args:
        embed_dim: D, the width of a token.
        num_heads: H.
        head_dim: E, the width of a head's queries, keys and values.

    Attributes:
        fast: whether a CPU takes `folded`, see `layers.write_out`.
    """

    def __init__(self, embed_dim: int, num_heads: int, head_dim: int) -> None:
        super().__init__()
        self.fast = True
        self.num_heads, self.head_dim = num_heads, head_dim
        self.qkv = nn.Linear(embed_dim, 3 * num_heads * head_dim)
        self.projection = nn.Linear(num_heads * head_dim, embed_dim)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Keras's defaults: queries, keys and values are each a kernel of their own, which the fans must reflect."""
        for kernel in (*self.qkv.weight.chunk(3), self.projection.weight):
            nn.init.xavier_uniform_(kernel)
        for layer in (self.qkv, self.projection):
            nn.init.zeros_(layer.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, L, D) -> (N, L, D)."""
        return self.folded(tokens) if self.fast and tokens.device.type == "cpu" else self.plain(tokens)

    def split(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (N, H, L, E)."""
        n, length, _ = tokens.shape
        qkv = self.qkv(tokens).view(n, length, 3, self.num_heads, self.head_dim)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, L, 3, H, E) -> 3 x (N, H, L, E)
        return q, k, v

    def weights(self, tokens: Tensor) -> Tensor:
        """The attention map softmax(q k' / sqrt(E)): (N, H, L, L), rows sum to one."""
        q, k, _ = self.split(tokens)
        return torch.softmax(q @ k.transpose(-2, -1) * self.head_dim**-0.5, dim=-1)

    def plain(self, tokens: Tensor) -> Tensor:
        """Attention as the paper writes it, through torch's fused kernel."""
        q, k, v = self.split(tokens)
        heads = F.scaled_dot_product_attention(q, k, v)
        return self.projection(heads.transpose(1, 2).flatten(2))  # (N, H, L, E) -> (N, L, H*E)

    def folded(self, tokens: Tensor) -> Tensor:
        """The same function with the weights multiplied first, which is faster on a CPU where D <= E.

        q k' = x (Wq' Wk) x' + (bq Wk) x' + terms that are equal for all keys, which softmax drops; and
        sum_h a_h (x Wv') Wo' = sum_h (a_h x) (Wv' Wo'). Scores and sums then run over D = 48 numbers, not E = 64, and
        keys and values are the tokens themselves, the same for every head: heads become rows, nothing is transposed.
        """
        n, length, dim = tokens.shape
        w_q, w_k, w_v = self.qkv.weight.view(3, self.num_heads, self.head_dim, dim)  # each (H, E, D)
        b_q, _, b_v = self.qkv.bias.view(3, self.num_heads, 1, self.head_dim)
        w_o = self.projection.weight.view(dim, self.num_heads, self.head_dim).permute(1, 2, 0)  # (H, E, D)
        scale = self.head_dim**-0.5
        to_queries = (w_q.transpose(1, 2) @ w_k * scale).transpose(0, 1).reshape(dim, -1)  # (H, D, D) -> (D, H*D)
        queries = tokens @ to_queries + (b_q @ w_k * scale).flatten()  # (N, L, H*D)
        scores = queries.view(n, length * self.num_heads, dim) @ tokens.transpose(1, 2)  # (N, L*H, L)
        mixed = (torch.softmax(scores, dim=-1) @ tokens).view(n, length, -1)  # (N, L, H*D)
        values = (w_v.transpose(1, 2) @ w_o).flatten(0, 1)  # (H*D, D)
        return mixed @ values + (b_v @ w_o).sum(0) + self.projection.bias


class Block(nn.Module):
    """Attention and MLP with the report's residuals: the second adds the block's input, not the attention's output."""

    def __init__(self, embed_dim: int, num_heads: int, head_dim: int, mlp_dim: int) -> None:
        super().__init__()
        self.attention = Attention(embed_dim, num_heads, head_dim)
        self.norm1 = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        self.mlp = nn.Sequential(nn.Linear(embed_dim, mlp_dim), nn.ReLU(), nn.Linear(mlp_dim, embed_dim))
        self.norm2 = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        keras_init_(self.mlp)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, L, D) -> (N, L, D)."""
        attended = self.norm1(self.attention(tokens) + tokens)
        return self.norm2(self.mlp(attended) + tokens)


class FashionViT(nn.Module):
    """See the module; `features` ends with the flattened tokens that the last layer reads.

    Args:
        input_shape: channels, height and width of an image.
        num_classes: number of logits.
        train_positions: whether the position embedding is trained (`fashion-vit-pos`) or stays at its random start.
        image_size: height and width that images are resized to, bilinearly.
        patch_size: height and width of a patch; divides image_size.
        embed_dim, depth, num_heads, head_dim, mlp_dim: widths and number of the blocks.
    """

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
        num_patches = (image_size // patch_size) ** 2
        self.patches = nn.Conv2d(input_shape[0], embed_dim, patch_size, stride=patch_size)
        self.positions = nn.Parameter(torch.empty(num_patches, embed_dim), requires_grad=train_positions)
        self.blocks = nn.Sequential(*(Block(embed_dim, num_heads, head_dim, mlp_dim) for _ in range(depth)))
        self.head = nn.Linear(num_patches * embed_dim, num_classes)
        keras_init_(self.patches)
        nn.init.uniform_(self.positions, -0.05, 0.05)
        keras_init_(self.head)

    def embed(self, images: Tensor) -> Tensor:
        """Tokens before the first block, patch plus position: (N, C, H, W) -> (N, L, D)."""
        images = F.interpolate(images, size=self.image_size, mode="bilinear", align_corners=False)
        return self.patches(images).flatten(2).transpose(1, 2) + self.positions  # (N, D, h, w) -> (N, L, D)

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, L*D)."""
        return self.blocks(self.embed(images)).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) in [0, 1] -> logits (N, num_classes)."""
        return self.head(self.features(images))
