"""Base classes of the architectures, and the layers, initialisers and checks that they share."""

import abc
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LAYER_NORM_EPS = 1e-3  # Keras's default


class Model(nn.Module, abc.ABC):
    """A network whose last layer, the head, reads the features of an image.

    Every architecture is constructed with `input_shape` (channels, height and width of an image), `num_classes` (number
    of logits) and arguments of its own, all by name. `max_channels` is the most channels or activations of a layer, and
    None means as many as the architecture says.

    Attributes:
        SPATIAL: name of the layer `spatial`, unless an architecture overrides the property.
        features: from images (N, C, H, W) to what the head reads, (N, D); a method or a module.
        head: from there to logits (N, num_classes).
    """

    SPATIAL: ClassVar[str]
    features: Callable[[Tensor], Tensor]
    head: nn.Module

    @property
    def spatial(self) -> nn.Module:
        """The last layer whose output has spatial positions: (N, K, h, w), or the tokens of a transformer."""
        return self.get_submodule(self.SPATIAL)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, num_classes)."""
        return self.head(self.features(images))


class GlobalPooling(Model):
    """A model that averages feature maps over all spatial positions before its dense layers, so that CAM applies."""

    POOLED: ClassVar[str]

    @property
    def pooled(self) -> nn.Module:
        """The layer whose feature maps (N, K, h, w) are averaged."""
        return self.get_submodule(self.POOLED)


class Partitioned(Model):
    """A deep model, which is randomised part by part, not layer by layer."""

    @property
    @abc.abstractmethod
    def parts(self) -> tuple[str, ...]:
        """The names of parts in the state_dict, from the input to the output; what has no name here comes before."""


class Transformer(Partitioned):
    """A model that reads an image as tokens, one per patch of a grid, and processes them in attention blocks.

    Attributes:
        grid: of the patches: rows, columns.
        blocks: all of them, one after the other.
        has_class_token: whether the first token is a class token; else all tokens are patches.
    """

    grid: tuple[int, int]
    blocks: nn.Sequential
    has_class_token: ClassVar[bool] = True

    @abc.abstractmethod
    def embed(self, images: Tensor) -> Tensor:
        """Tokens before the first block: (N, C, H, W) -> (N, L, D)."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Each block, and the head."""
        return (*(f"blocks.{number}" for number in range(len(self.blocks))), "head")


class Dropout(nn.Module):
    """Inverted dropout whose mask comes from an explicit generator, eight bits per element.

    Srivastava et al., JMLR 15 (2014). `p` is the probability of a zero, 0 <= p <= 255/256, rounded to the nearest
    1/256 (.2 becomes 51/256 = .1992). The other values are scaled by 1 / (1 - p) with the rounded p, so the expectation
    is exact. On a CPU one 64-bit draw serves eight elements; `torch.nn.functional.dropout` draws one per element.

    Attributes:
        part: start, stop and total, if the input is only the images from `start` to `stop` of a batch of `total`. The
            masks of the whole batch are drawn then, so that an image has the same mask in any number of processes.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p <= 255 / 256:
            raise ValueError(f"dropout must lie in [0, 255/256], got {p}")
        self.threshold = round(p * 256)
        self.generator: torch.Generator | None = None
        self.part: tuple[int, int, int] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; the identity in evaluation mode or for p = 0."""
        if not self.training or self.threshold == 0:
            return x
        return x * self.keep_mask(x).to(x.dtype).mul_(256 / (256 - self.threshold))

    def keep_mask(self, x: Tensor) -> Tensor:
        """A boolean mask in the shape, memory layout and device of `x`."""
        start, stop, total = self.part or (0, 1, 1)
        each = x.numel() // (stop - start)  # elements of an image; without a part those of all
        words = torch.empty((each * total + 7) // 8, dtype=torch.int64, device=x.device)
        # From -2**63 without an upper end is the full range: without arguments the top bit would never be drawn.
        drawn = words.random_(-(2**63), None, generator=self.generator).view(torch.uint8)
        pieces = drawn[each * start : each * stop]  # images are outermost in both memory layouts
        keep = pieces >= self.threshold
        dense = x.is_contiguous() or (x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last))
        return keep.as_strided(x.shape, x.stride()) if dense else keep.view(x.shape)


def convolution_with_relu(inputs: int, outputs: int, *, kernel: int = 3, batch_norm: bool = False) -> list[nn.Module]:
    """A convolution that keeps height and width, batch normalisation (Ioffe & Szegedy, 2015) if wanted, ReLU."""
    normalised = [nn.BatchNorm2d(outputs)] if batch_norm else []
    return [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), *normalised, nn.ReLU()]


class LocalResponseNorm(nn.Module):
    """a_i / (k + alpha sum_j a_j^2)^beta over the `size` channels j around i (Krizhevsky et al., 2012, section 3.3)."""

    # `torch.nn.LocalResponseNorm` divides alpha by `size`: the paper's 1e-4 is 5e-4 there.

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        count, half = maps.shape[1], self.size // 2
        squares = F.pad(maps.square(), (0, 0, 0, 0, half, half))
        sums = squares[:, :count]
        for shift in range(1, self.size):
            sums = sums + squares[:, shift : shift + count]
        return maps / (self.k + self.alpha * sums) ** self.beta


class ScaledTanh(nn.Module):
    """1.7159 tanh(2 x / 3), which maps -1 to -1 and 1 to 1 (LeCun et al., 1998, appendix A)."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)


class Subsampling(nn.Module):
    """The sum of each 2x2 block times a coefficient, plus a bias; each channel trains its own (LeCun et al., 1998)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H/2, W/2)."""
        sums = 4 * F.avg_pool2d(maps, 2)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]


def pad_to(side: int, height: int, width: int) -> nn.Module:
    """A layer that centres images of this height and width in side x side pixels by repeating their edges."""
    above, left = (side - height) // 2, (side - width) // 2
    return nn.ReplicationPad2d((left, side - width - left, above, side - height - above))


class Permutation(nn.Module):
    """The same random order of pixels for every image, which destroys neighbourhoods; a pixel's channels stay together.

    The order is drawn from `seed` whenever the model is built; it is not in the state_dict.
    """

    order: Tensor

    def __init__(self, height: int, width: int, seed: int) -> None:
        super().__init__()
        order = torch.randperm(height * width, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("order", order, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        return images.flatten(2)[..., self.order].view_as(images)


class SparseConv2d(nn.Conv2d):
    """A convolution whose output channel k sees only the input channels `connections[k]` (LeCun et al., 1998).

    The weights of all other pairs are stored and counted, but have no effect.
    """

    mask: Tensor

    def __init__(self, inputs: int, connections: Sequence[Sequence[int]], kernel: int) -> None:
        super().__init__(inputs, len(connections), kernel)
        self.share = sum(map(len, connections)) / (inputs * len(connections))  # of all pairs of channels
        mask = torch.zeros(len(connections), inputs, 1, 1)
        for output, seen in enumerate(connections):
            mask[output, list(seen)] = 1
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, len(connections), H - kernel + 1, W - kernel + 1)."""
        return F.conv2d(maps, self.weight * self.mask, self.bias)


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


def require_side(input_shape: tuple[int, int, int], *, least: int = 1, most: int | None = None) -> None:
    """Raise a ValueError unless height and width of an image lie between `least` and `most` pixels."""
    _, height, width = input_shape
    if min(height, width) < least:
        raise ValueError(f"images must be at least {least} pixels high and wide, got {height}x{width}")
    if most is not None and max(height, width) > most:
        raise ValueError(f"images must be at most {most} pixels high and wide, got {height}x{width}")


def require_choice(argument: str, value: str, choices: Iterable[str]) -> None:
    """Raise a ValueError unless the `value` of an argument is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{argument} must be one of {', '.join(choices)}, got {value}")


def set_dropout_generator(model: nn.Module, generator: torch.Generator) -> None:
    for module in model.modules():
        if isinstance(module, Dropout):
            module.generator = generator


def he_init_(module: nn.Module) -> None:
    """Draw kernels with variance 2 / fan-in (He et al., ICCV 2015), torch's default times 6; biases are zero."""
    draw_kernels_(module, nn.init.kaiming_normal_)


def keras_init_(module: nn.Module) -> None:
    """Draw kernels as Keras does by default, Glorot-uniform (Glorot & Bengio, AISTATS 2010); biases are zero."""
    draw_kernels_(module, nn.init.xavier_uniform_)


def draw_kernels_(module: nn.Module, draw: Callable[[Tensor], Tensor]) -> None:
    """Draw the kernel of every convolution and linear layer in `module`; biases are zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            draw(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def lecun_init_(module: nn.Module) -> None:
    """Draw weights and biases within 2.4 / (mean connections into a unit), uniform: LeCun et al. (1998), appendix A."""
    for layer in module.modules():
        if isinstance(layer, Subsampling | nn.Conv2d | nn.Linear):
            connections = 4.0 if isinstance(layer, Subsampling) else layer.weight[0].numel()
            if isinstance(layer, SparseConv2d):
                connections *= layer.share
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -2.4 / connections, 2.4 / connections)
