"""Self-attention, fast on CPUs too, and the fashion study's transformer block."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.models.initialisation import keras_init_

LAYER_NORM_EPS = 1e-3  # Keras's default


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al., 2017) whose heads may be wider than embed_dim / num_heads.

    A token has embed_dim (D) numbers; queries, keys and values of each of num_heads (H) heads have head_dim (E). With
    `fast` a CPU computes `folded`, which pays where D <= E; `macs.write_out` turns it off.
    """

    def __init__(self, embed_dim: int, num_heads: int, head_dim: int) -> None:
        super().__init__()
        self.fast = embed_dim <= head_dim
        self.num_heads, self.head_dim = num_heads, head_dim
        self.qkv = nn.Linear(embed_dim, 3 * num_heads * head_dim)
        self.projection = nn.Linear(num_heads * head_dim, embed_dim)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw as Keras does, where queries, keys and values have a kernel each, so that the fan-out is that of one."""
        for kernel in (*self.qkv.weight.chunk(3), self.projection.weight):
            nn.init.xavier_uniform_(kernel)
        for layer in (self.qkv, self.projection):
            nn.init.zeros_(layer.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.folded(tokens)[0] if self.is_folded(tokens) else self.fused(tokens)

    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The same with the attention map: (N, L, D) -> (N, L, D) and (N, H, L, L), whose rows sum to one."""
        return self.folded(tokens) if self.is_folded(tokens) else self.plain(tokens)

    def is_folded(self, tokens: Tensor) -> bool:
        """Whether `folded` is computed: on a CPU, unless `fast` is off."""
        return self.fast and tokens.device.type == "cpu"

    def split(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (N, H, L, E)."""
        n, length, _ = tokens.shape
        qkv = self.qkv(tokens).view(n, length, 3, self.num_heads, self.head_dim)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, L, 3, H, E) -> 3 x (N, H, L, E)
        return q, k, v

    def plain(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Attention as the paper writes it, softmax(q k' / sqrt(E)) v, with the softmax."""
        q, k, v = self.split(tokens)
        weights = torch.softmax(q @ k.transpose(-2, -1) * self.head_dim**-0.5, dim=-1)
        return self.projection((weights @ v).transpose(1, 2).flatten(2)), weights  # (N, H, L, E) -> (N, L, H*E)

    def fused(self, tokens: Tensor) -> Tensor:
        """The same through torch's fused kernel, which keeps no map."""
        heads = F.scaled_dot_product_attention(*self.split(tokens))
        return self.projection(heads.transpose(1, 2).flatten(2))  # (N, H, L, E) -> (N, L, H*E)

    def folded(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
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
        weights = torch.softmax(scores, dim=-1)
        mixed = (weights @ tokens).view(n, length, -1)  # (N, L, H*D)
        values = (w_v.transpose(1, 2) @ w_o).flatten(0, 1)  # (H*D, D)
        attended = mixed @ values + (b_v @ w_o).sum(0) + self.projection.bias
        return attended, weights.view(n, length, self.num_heads, length).transpose(1, 2)


class Block(nn.Module):
    """Attention and MLP with the fashion study's residuals: the second adds the block's input, not the first sum."""

    def __init__(self, embed_dim: int, num_heads: int, head_dim: int, mlp_dim: int) -> None:
        super().__init__()
        self.attention = Attention(embed_dim, num_heads, head_dim)
        self.norm1 = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        self.mlp = nn.Sequential(nn.Linear(embed_dim, mlp_dim), nn.ReLU(), nn.Linear(mlp_dim, embed_dim))
        self.norm2 = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        keras_init_(self.mlp)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.finish(tokens, self.attention(tokens))

    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The same with the attention map: (N, L, D) -> (N, L, D) and (N, H, L, L)."""
        attended, weights = self.attention.attend(tokens)
        return self.finish(tokens, attended), weights

    def finish(self, tokens: Tensor, attended: Tensor) -> Tensor:
        return self.norm2(self.mlp(self.norm1(attended + tokens)) + tokens)
