"""The primer's pictures."""

import numpy as np
from matplotlib.text import Text

from lookalike.drawn.garments import draw_garments
from lookalike.drawn.objects import draw_objects
from lookalike.primer.functions import ACTIVATIONS
from lookalike.reporting.figures.maps import as_tile
from lookalike.reporting.figures.primer import activation_functions_figure, channels_figure, poolings_figure
from lookalike.reporting.figures.rendering import to_png


def stands_somewhere(figure_canvas: np.ndarray, tile: np.ndarray) -> bool:
    height, width = tile.shape[:2]
    places = np.argwhere((figure_canvas[: 1 - height, : 1 - width] == tile[0, 0]).all(axis=2))
    return any((figure_canvas[y : y + height, x : x + width] == tile).all() for y, x in places)


def test_an_image_stands_over_its_channels_and_their_sum() -> None:
    image = draw_objects(1, seed=1)[0][0]
    figure = channels_figure(image)
    canvas = np.asarray(figure.axes[0].images[0].get_array())
    assert stands_somewhere(canvas, as_tile(image, 84))
    assert all(stands_somewhere(canvas, as_tile(image * (np.arange(3) == k).astype(np.uint8), 84)) for k in range(3))
    assert [text.get_text() for text in figure.axes[0].texts] == ["image", "its channels", "each convolved", "summed"]


def test_an_image_stands_beside_its_poolings() -> None:
    image = draw_garments(1, seed=1)[0][0]
    figure = poolings_figure(image)
    assert stands_somewhere(np.asarray(figure.axes[0].images[0].get_array()), as_tile(image, 56))
    assert [text.get_text() for text in figure.findobj(Text) if text.get_text()] == ["as it is", "max", "average", "L2"]


def test_each_activation_is_drawn_with_its_derivative() -> None:
    figure = activation_functions_figure()
    for axes, kind in zip(figure.axes, ("apply", "derivative"), strict=True):
        for line, activation in zip(axes.lines, ACTIVATIONS.values(), strict=True):
            x = np.asarray(line.get_xdata())
            np.testing.assert_array_equal(np.asarray(line.get_ydata()), getattr(activation, kind)(x))
    assert to_png(figure).startswith(b"\x89PNG")
