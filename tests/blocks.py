"""The blocks of a report, read back."""

from collections.abc import Iterable, Iterator

from lookalike.reporting.document import Beside, Block, Fold, Illustration, Prose, Section, Table, figures_in


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
        assert one.alt.strip()
        assert one.caption.endswith(".")
        assert not {"{", "}"} & set(one.alt + one.caption)
        assert one.numbers
        assert all(table.rows for table in one.numbers)
        assert one.stage
    return {one.name: one for one in found}


def shown(*blocks: Block | None) -> dict[str, str]:
    """The content of each figure, by name."""
    return {name: one.png.decode() for name, one in figures(*blocks).items()}


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
