"""What is usually called LeNet-5 today.

It differs from the network of 1998 (`lenet5`): plain average pooling, tanh without a scale, a C3 that sees all feature
maps of S2, a dense layer for outputs, and torch's initialisation.
"""

from torch import nn

from lookalike.models.base import Model, require_choice, require_side

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class LeNet5Modern(Model):
    """See the module; `features` ends with the 84 activations of F6.

    Args:
        input_shape: height and width at least 12.
        activation: `tanh` or `sigmoid`.
    """

    SPATIAL = "features.4"  # C3 after its activation
    features: nn.Sequential

    def __init__(self, *, input_shape: tuple[int, int, int], num_classes: int, activation: str = "tanh") -> None:
        super().__init__()
        channels, height, width = input_shape
        require_side(input_shape, least=12)
        require_choice("activation", activation, ACTIVATIONS)
        make_activation = ACTIVATIONS[activation]
        self.features = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=2),  # C1: (N, C, H, W) -> (N, 6, H, W)
            make_activation(),
            nn.AvgPool2d(2),  # S2: (N, 6, H/2, W/2)
            nn.Conv2d(6, 16, 5),  # C3: (N, 16, H/2 - 4, W/2 - 4)
            make_activation(),
            nn.AvgPool2d(2),  # S4: (N, 16, h, w)
            nn.Flatten(),
            nn.Linear(16 * ((height // 2 - 4) // 2) * ((width // 2 - 4) // 2), 120),  # C5
            make_activation(),
            nn.Linear(120, 84),  # F6
            make_activation(),
        )
        self.head = nn.Linear(84, num_classes)
