"""Layers and initialisers that more than one architecture uses."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LAYER_NORM_EPS = 1e-3  # Keras's default


class Dropout(nn.Module):
    """Inverted dropout whose mask comes from an explicit generator, eight bits an element.

    Srivastava et al., JMLR 15 (2014). `p` is rounded to the nearest 1/256 (.2 becomes 51/256 = .1992) and what is
    kept is scaled by 1 / (1 - p) with the rounded p, so the expectation is exact. On a CPU one 64-bit draw serves
    eight elements, where `torch.nn.functional.dropout` draws once for each.

    Args:
        p: probability of an element to be zeroed, 0 <= p <= 255/256.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p <= 255 / 256:
            raise ValueError(f"dropout must lie in [0, 255/256], got {p}")
        self.threshold = round(p * 256)
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; the identity in evaluation mode or for p = 0."""
        if not self.training or self.threshold == 0:
            return x
        return x * self.keep_mask(x).to(x.dtype).mul_(256 / (256 - self.threshold))

    def keep_mask(self, x: Tensor) -> Tensor:
        """A boolean mask in the shape, memory layout and device of `x`."""
        words = torch.empty((x.numel() + 7) // 8, dtype=torch.int64, device=x.device)
        # From -2**63 without an upper end is the full range: without arguments the top bit would never be drawn.
        pieces = words.random_(-(2**63), None, generator=self.generator).view(torch.uint8)[: x.numel()]
        keep = pieces >= self.threshold
        return keep.as_strided(x.shape, x.stride()) if is_dense(x) else keep.view(x.shape)


def is_dense(x: Tensor) -> bool:
    """Whether the strides of `x` are a permutation without gaps, as contiguous and channels-last memory are."""
    return x.is_contiguous() or (x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last))


def conv3x3(inputs: int, outputs: int, *, batch_norm: bool) -> list[nn.Module]:
    """A 3x3 convolution that keeps height and width, batch normalisation (Ioffe & Szegedy, 2015) if wanted, ReLU."""
    normalised = [nn.BatchNorm2d(outputs)] if batch_norm else []
    return [nn.Conv2d(inputs, outputs, 3, padding=1), *normalised, nn.ReLU()]


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al., 2017) whose heads may be wider than embed_dim / num_heads.

    Args:
        embed_dim: D, the width of a token.
        num_heads: H.
        head_dim: E, the width of a head's queries, keys and values.

    Attributes:
        fast: whether a CPU takes `folded`, which pays where tokens are no wider than heads; see `write_out`.
    """

    def __init__(self, embed_dim: int, num_heads: int, head_dim: int) -> None:
        super().__init__()
        self.fast = embed_dim <= head_dim
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
        return self.folded(tokens)[0] if self.is_folded(tokens) else self.fused(tokens)

    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The same with the attention map: (N, L, D) -> (N, L, D) and (N, H, L, L), whose rows sum to one."""
        return self.folded(tokens) if self.is_folded(tokens) else self.plain(tokens)

    def is_folded(self, tokens: Tensor) -> bool:
        """Whether `folded` is taken: on a CPU, where it is fast, unless it is switched off."""
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
    """Attention and MLP with the fashion study's residuals: the second adds the block's input, not attention's output.

    Args:
        embed_dim, num_heads, head_dim: see `Attention`.
        mlp_dim: width of the hidden layer.
    """

    def __init__(self, embed_dim: int, num_heads: int, head_dim: int, mlp_dim: int) -> None:
        super().__init__()
        self.attention = Attention(embed_dim, num_heads, head_dim)
        self.norm1 = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        self.mlp = nn.Sequential(nn.Linear(embed_dim, mlp_dim), nn.ReLU(), nn.Linear(mlp_dim, embed_dim))
        self.norm2 = nn.LayerNorm(embed_dim, eps=LAYER_NORM_EPS)
        keras_init_(self.mlp)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, L, D) -> (N, L, D)."""
        return self.finish(tokens, self.attention(tokens))

    def attend(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The same with the attention map: (N, L, D) -> (N, L, D) and (N, H, L, L)."""
        attended, weights = self.attention.attend(tokens)
        return self.finish(tokens, attended), weights

    def finish(self, tokens: Tensor, attended: Tensor) -> Tensor:
        """What follows attention: residuals, normalisation, MLP."""
        return self.norm2(self.mlp(self.norm1(attended + tokens)) + tokens)


def set_dropout_generator(model: nn.Module, generator: torch.Generator) -> None:
    """Let every `Dropout` of `model` draw from `generator`."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.generator = generator


def write_out(model: nn.Module) -> None:
    """Let every layer of `model` that has a faster equal (`fast`) compute as its paper writes it.

    That is what operations are counted by, and what can be looked into.
    """
    for module in model.modules():
        if hasattr(module, "fast"):
            module.fast = False  # type: ignore[assignment]  # a plain attribute


def he_init_(module: nn.Module) -> None:
    """Kernels of every convolution and linear layer in `module` from a normal distribution of variance 2 / fan-in.

    Biases are zero. He et al., "Delving Deep into Rectifiers" (ICCV 2015): so that ReLU keeps the variance from layer
    to layer. torch's default draws kernels of a sixth of that variance.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def keras_init_(module: nn.Module) -> None:
    """Keras's defaults for every convolution and linear layer in `module`: Glorot-uniform kernel, zero bias.

    Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks" (AISTATS 2010).
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
