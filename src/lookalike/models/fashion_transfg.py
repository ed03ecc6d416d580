"""TransFG for the fashion study: a vision transformer that reads the class from a few patches which it selects.

He et al., "TransFG: A Transformer Architecture for Fine-Grained Recognition" (AAAI 2022), built on the study's own
transformer (`fashion_vit`: its patches, widths, blocks and initial weights), so that a difference between the two is of

- a class token, from which alone the class is read, and trained positions;
- overlapping patches: 4 pixels wide every 3, the paper's ratio (16 every 12), 10 x 10 of them at 32 x 32;
- the part selection module: the last block sees the class token and, for each head, the one patch that the class token
  attends to most through the product of the attention maps of all earlier blocks.

The paper's third part, the contrastive loss, is in `training.contrast`.

The paper takes the product for the flow of information through the layers. Attention rollout, which it builds on (Abnar
& Zuidema, ACL 2020), adds the identity to each map for the residual connection; the paper's formula and its public code
(github.com/TACJu/TransFG) multiply the bare maps. So does this.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.models.attention import Block
from lookalike.models.base import Transformer
from lookalike.models.initialisation import keras_init_


class FashionTransFG(Transformer):
    """See the module; `features` ends with the class token that the last layer reads.

    Args:
        input_shape: of images with values in [0, 1].
        part_selection: whether the last block sees selected patches only; else it sees all (`fashion-transfg-nopsm`).
        image_size: height and width that images are resized to, bilinearly.
        patch_size, stride: height and width of a patch, and the step from one to the next.
        embed_dim, depth, num_heads, head_dim, mlp_dim: widths and number of the blocks; depth at least 2.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        part_selection: bool = True,
        image_size: int = 32,
        patch_size: int = 4,
        stride: int = 3,
        embed_dim: int = 48,
        depth: int = 6,
        num_heads: int = 8,
        head_dim: int = 64,
        mlp_dim: int = 256,
    ) -> None:
        super().__init__()
        if not 1 <= stride <= patch_size <= image_size or depth < 2:
            given = f"{stride}, {patch_size}, {image_size} and {depth}"
            raise ValueError(f"needs stride <= patch_size <= image_size and depth > 1, got {given}")
        self.image_size, self.part_selection = image_size, part_selection
        side = (image_size - patch_size) // stride + 1
        self.grid = (side, side)
        self.patch_embedding = nn.Conv2d(input_shape[0], embed_dim, patch_size, stride=stride)
        self.class_token = nn.Parameter(torch.zeros(embed_dim))
        self.position_embedding = nn.Parameter(torch.empty(1 + side * side, embed_dim))
        self.blocks = nn.Sequential(*(Block(embed_dim, num_heads, head_dim, mlp_dim) for _ in range(depth)))
        self.head = nn.Linear(embed_dim, num_classes)
        keras_init_(self.patch_embedding)
        nn.init.uniform_(self.position_embedding, -0.05, 0.05)
        keras_init_(self.head)

    def embed(self, images: Tensor) -> Tensor:
        """Tokens before the first block, the class token first: (N, C, H, W) -> (N, 1 + L, D)."""
        images = F.interpolate(images, size=self.image_size, mode="bilinear", align_corners=False)
        patches = self.patch_embedding(images).flatten(2).transpose(1, 2)  # (N, D, h, w) -> (N, L, D)
        return torch.cat([self.class_token.expand(len(images), 1, -1), patches], dim=1) + self.position_embedding

    @property
    def spatial(self) -> nn.Module:
        """The last layer whose output has spatial positions: the tokens that the last block selects from."""
        return self.blocks[-2].get_submodule("norm2")

    def features(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, D)."""
        tokens, maps = self.embed(images), []
        for block in self.blocks[:-1]:
            tokens, weights = block.attend(tokens)  # type: ignore[operator]  # a Block
            maps.append(weights)
        if self.part_selection:
            tokens = torch.cat([tokens[:, :1], gather(tokens, select_parts(maps))], dim=1)
        return self.blocks[-1](tokens)[:, 0]


@torch.no_grad()
def select_parts(maps: list[Tensor]) -> Tensor:
    """For each head the token, not the class token itself, that the class token attends to most through all blocks.

    Only the class token's row of the product A_last ... A_1 is needed, so it is a row that is multiplied through.

    Args:
        maps: attention maps (N, H, L, L) from the first block to the last.

    Returns:
        int64 (N, H), each 1 ... L-1; two heads may choose the same.
    """
    row = maps[-1][:, :, :1]  # (N, H, 1, L)
    for weights in reversed(maps[:-1]):
        row = row @ weights
    return row[:, :, 0, 1:].argmax(dim=-1) + 1


def gather(tokens: Tensor, indices: Tensor) -> Tensor:
    """The tokens (N, L, D) at `indices` (N, K): (N, K, D)."""
    return tokens.gather(1, indices[:, :, None].expand(-1, -1, tokens.shape[2]))
