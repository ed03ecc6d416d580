"""The blocks of a report, read back."""

import io
from collections.abc import Iterable, Iterator

from PIL import Image

from lookalike.reporting.document import Beside, Block, Fold, Illustration, Prose, Section, Table, figures_in


def marked(mark: str) -> bytes:
    """A WebP picture of one pixel that carries a text."""
    out = io.BytesIO()
    Image.new("RGB", (1, 1)).save(out, "WEBP", xmp=mark.encode())
    return out.getvalue()


def mark_of(webp: bytes) -> str:
    """The text that a picture carries."""
    with Image.open(io.BytesIO(webp)) as image:
        return bytes(image.info["xmp"]).decode()


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, those inside others too; not the tables of figures."""
    for block in blocks:
        yield block
        if isinstance(block, Section | Beside | Fold):
            yield from walk(block.blocks)


def figures(*blocks: Block | None) -> dict[str, Illustration]:
    """Figures by name; asserts that names differ, and that there are words, numbers and a stage for every figure."""
    found = list(figures_in(block for block in blocks if block is not None))
    assert len({one.name for one in found}) == len(found)
    for one in found:
        words = one.words
        assert words.alt.strip()
        assert all(said.endswith((".", "?", "!")) for said in (words.finding, words.how))
        assert not {"{", "}"} & set(words.alt + words.finding + words.how + words.method)
        assert one.numbers
        assert all(table.rows for table in one.numbers)
        assert one.stage
    return {one.name: one for one in found}


def shown(*blocks: Block | None) -> dict[str, str]:
    """The mark of each figure's picture, by name."""
    return {name: mark_of(one.picture.wide.webp) for name, one in figures(*blocks).items()}


def tables(*blocks: Block | None) -> dict[str, Table]:
    """Tables by label; asserts that labels differ."""
    found = [block for block in walk(one for one in blocks if one is not None) if isinstance(block, Table)]
    assert len({table.label for table in found}) == len(found)
    return {table.label: table for table in found}


def header(table: Table) -> list[str]:
    return [column.title for column in table.columns]


def rows(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def prose(*blocks: Block | None) -> list[str]:
    """Every paragraph."""
    return [block.text for block in walk(one for one in blocks if one is not None) if isinstance(block, Prose)]


def titles(*blocks: Block | None) -> list[str]:
    """Of all sections."""
    return [block.title for block in walk(one for one in blocks if one is not None) if isinstance(block, Section)]
