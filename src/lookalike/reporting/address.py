"""Addresses within the report."""

from urllib.parse import urlencode

PAGE = "index.html"


def explorer_address(
    study: str,
    first: str,
    *,
    second: str = "",
    image: int | None = None,
    true: int | None = None,
    said: int | None = None,
) -> str:
    """Where the explorer shows what is asked for.

    Args:
        first, second: variants.
        image: a test image.
        true, said: classes: that of the images, and that which the first variant predicts.
    """
    state = {"study": study, "a": first, "b": second or None, "image": image, "true": true, "saysa": said}
    return f"{PAGE}#{urlencode({name: value for name, value in state.items() if value is not None})}"
