"""The primer: what convolutional networks are made of, from the numbers and pictures that its stage worked out."""

from pathlib import Path

from lookalike.artifacts.folders import read_json
from lookalike.reporting.chapters.found import Words
from lookalike.reporting.document import (
    Block,
    Code,
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    count,
    number,
    percent,
    section,
    tabulate,
    text,
)

SIZES = (
    Column("what", "name", text),
    Column("side", "inputs", count),
    Column("kernel", "kernel", count),
    Column("stride", "stride", count),
    Column("padding", "padding", count),
    Column("dilation", "dilation", count),
    Column("side of the output", "outputs", count),
)
STACKS = (
    Column("convolutions", "name", text),
    Column("field", "field", count),
    Column("weights", "weights", count),
    Column("multiply-accumulates, 32x32", "macs", count),
)
ANSWERS = (
    Column("logit", "logit", number),
    Column("softmax, %", "softmax", percent),
    Column("sigmoid, %", "sigmoid", percent),
)
FIELDS = (
    Column("network", "network", text),
    Column("layer", "layer", text),
    Column("field, pixels", "size", count),
    Column("step of neighbours", "jump", count),
    Column("first row seen", "first", count),
    Column("last row seen", "last", count),
    Column("as computed", "agrees", text),
)
CHANNELS: Words = (
    "A colour image, its red, green and blue, each of them under one 3x3 kernel (Sobel's, for vertical edges; purple "
    "below zero, orange above, one scale), and the sum of the three: what a filter of a first layer makes of an image.",
    "An image, its three channels, each convolved, and their sum",
)
POOLINGS: Words = (
    "An image and its 2x2 poolings, each drawn in its own range: the maximum keeps bright points, the mean softens, L2 "
    "lies between.",
    "An image under maximum, average and L2 pooling",
)
ACTIVATIONS: Words = (
    "Activation functions and their derivatives. A gradient is multiplied by the derivative at every layer: that of "
    "the sigmoid is a quarter at most, that of tanh vanishes where it saturates, that of ReLU is 0 or 1.",
    "ReLU, leaky ReLU, tanh and sigmoid, and their derivatives",
)
RULES = {
    "max": "the largest of four",
    "average": "the mean of four",
    "L2": "the root of the sum of four squares",
}


def primer(root: Path) -> Section | None:
    """All of it, from the folder `primer` below `root`; None if that is not there."""
    folder = root / "primer"
    if not folder.is_dir():
        return None
    found = read_json(folder / "found.json")
    return section(
        "primer",
        "Primer: what convolutional networks are made of",
        Prose("Every number and picture here was computed when this page was built."),
        section("primer-convolution", "Convolution", *convolution(folder, found)),
        section("primer-pooling", "Pooling and flattening", *pooling(folder, found)),
        section("primer-fields", "Receptive fields", *fields(found)),
        section("primer-functions", "Activations, softmax and sigmoid", *functions(folder, found)),
    )


def convolution(folder: Path, found: Json) -> list[Block]:
    """Sizes, an exercise worked out, and an image through its channels."""
    sizes, done, checked = sizes_of(found), found["convolution"], found["checked"]
    said = (
        "A window of k places, d apart, that moves by s over a side of n with p empty places at either end gives "
        "`floor((n + 2p - d(k-1) - 1) / s) + 1` numbers. Output channels have k² weights for each input channel of "
        f"their group, and a bias. Of {count(checked['count'])} random convolutions {count(checked['agreed'])} have "
        "the size, the weights and the multiply-accumulates of torch's."
    )
    exercise = "\n".join(
        [
            "image:",
            *in_rows(done["image"]),
            "kernel:",
            *in_rows(done["kernel"]),
            "result:",
            *in_rows(done["result"]),
            *done["steps"],
        ]
    )
    return [
        Prose(said),
        sizes,
        Prose("A 3x3 kernel over a 4x4 image without padding gives 2x2 numbers, each a sum of nine products:"),
        Code(exercise),
        picture(folder, "channels", CHANNELS, matrix("What the kernel holds", done["kernel"])),
    ]


def sizes_of(found: Json) -> Table:
    """What windows of the studies' networks make of a side."""
    return tabulate("Sizes", SIZES, found["sizes"])


def pooling(folder: Path, found: Json) -> list[Block]:
    """The same image under three poolings, in numbers and as a picture; flattening."""
    worked = [
        Fold(f"{kind}: {RULES[kind]}", (Code("\n".join([*in_rows(one["result"]), *one["steps"]])),))
        for kind, one in found["poolings"].items()
    ]
    flat = " ".join(f"{value:g}" for value in found["flatten"])
    tables = (
        matrix(f"{kind} pooling of the exercise's image", one["result"]) for kind, one in found["poolings"].items()
    )
    return [
        Prose("The image of the exercise, pooled 2x2 in steps of 2:"),
        *worked,
        picture(folder, "poolings", POOLINGS, *tables),
        Prose(f"Flattening lays rows end to end, so that a dense layer can read them: `{flat}`."),
    ]


def fields(found: Json) -> list[Block]:
    """Two small windows against a large one; the fields of every network."""
    one, two = found["stacks"]
    said = (
        f"{two['name'].capitalize()} convolutions see {two['field']}x{two['field']} pixels, as {one['name']} does, "
        f"with {percent(two['weights'] / one['weights'])} % of its weights, and bend twice."
    )
    rows = [
        {**layer, "network": name, "agrees": "yes" if layer["agrees"] else "NO"}
        for name, network in found["fields"].items()
        for layer in network["layers"]
    ]
    sides = ", ".join(f"{name} {network['side']}" for name, network in found["fields"].items())
    note = (
        "Field: how much of the image a unit sees along one side. Rows seen: by the layer's middle unit, read from the "
        "gradient of the unit with all weights 1 and means for maxima; as computed: the recursion over kernels and "
        f"strides says the same. Sides of the images: {sides}."
    )
    return [
        Prose(said),
        tabulate("Small windows and a large one", STACKS, found["stacks"]),
        tabulate("Receptive fields", FIELDS, rows, note),
    ]


def functions(folder: Path, found: Json) -> list[Block]:
    """Activations with their derivatives; what turns logits into probabilities."""
    table = tabulate("Softmax and sigmoid", ANSWERS, found["answers"])
    said = (
        "Softmax divides one probability among the classes: its column sums to 100 %. The sigmoid answers each class "
        "by itself: several may be likely, or none."
    )
    return [picture(folder, "activations", ACTIVATIONS, table), Prose(said), table]


def picture(folder: Path, name: str, words: Words, *numbers: Table) -> Illustration:
    """A picture of the stage."""
    return Illustration(f"primer-{name}", (folder / f"{name}.png").read_bytes(), *words, "primer", (), numbers)


def matrix(label: str, rows: list[list[float]]) -> Table:
    """Numbers in rows and columns."""
    columns = (
        Column("row", "row", count),
        *(Column(f"column {k + 1}", str(k), number) for k in range(len(rows[0]))),
    )
    told = [{"row": k + 1, **{str(n): value for n, value in enumerate(row)}} for k, row in enumerate(rows)]
    return tabulate(label, columns, told)


def in_rows(rows: list[list[float]]) -> list[str]:
    """Numbers as lines, in columns of one width."""
    return ["  ".join(f"{value:5.3g}" for value in row) for row in rows]
