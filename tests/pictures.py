"""The pictures of a chapter, read back."""

from lookalike.reporting.report import Illustration


def shown(pictures: dict[str, Illustration]) -> dict[str, str]:
    """File and content of each picture; asserts that files differ and that there are words for every picture."""
    assert len({picture.name for picture in pictures.values()}) == len(pictures)
    for picture in pictures.values():
        assert picture.alt.strip()
        assert picture.caption.endswith(".")
        assert not {"{", "}"} & set(picture.alt + picture.caption)
    return {name: f"{picture.name}: {picture.png.decode()}" for name, picture in pictures.items()}
