"""How weights are drawn before training."""

from collections.abc import Callable

from torch import Tensor, nn

from lookalike.models.layers import SparseConv2d, Subsampling


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
