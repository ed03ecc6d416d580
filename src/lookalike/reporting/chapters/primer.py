"""The primer: what convolutional networks are made of, from the numbers and pictures that its stage worked out."""

from pathlib import Path

import numpy as np

from lookalike.artifacts.folders import read_json
from lookalike.primer.functions import ACTIVATIONS as FUNCTIONS
from lookalike.reporting.document import Code, Fold, Illustration, Json, Prose, Section, Table, Words, section
from lookalike.reporting.figures.rendering import stored_chart
from lookalike.reporting.forms import count, number, percent, text
from lookalike.reporting.tables import Column, labels, tabulate

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
    *labels("network", "layer"),
    Column("field, pixels", "size", count),
    Column("step of neighbours", "jump", count),
    Column("first row seen", "first", count),
    Column("last row seen", "last", count),
    Column("as computed", "agrees", text),
)
CHANNELS = Words(
    finding="A filter of a first layer convolves red, green and blue separately and adds the three results.",
    how="From the top: the image, its three channels, each of them under one 3x3 kernel, and the sum. Purple: below "
    "zero; green: above; one scale.",
    alt="An image, its three channels, each convolved, and their sum",
    method="The kernel is Sobel's for vertical edges.",
)
POOLINGS = Words(
    finding="Pooling halves the side of an image: the maximum keeps bright points, the mean softens, L2 lies between.",
    how="The image and its three 2x2 poolings, each drawn in its own range.",
    alt="An image under maximum, average and L2 pooling",
)
ACTIVATIONS = Words(
    finding="The derivative of ReLU is 0 or 1, that of the sigmoid at most a quarter, and that of tanh vanishes where "
    "it saturates.",
    how="Above: each function. Below: its derivative. A gradient is multiplied by the derivative at every layer, so "
    "that small derivatives make it vanish in deep networks.",
    alt="ReLU, leaky ReLU, tanh and sigmoid, and their derivatives",
)
RULES = {"max": "the largest of four", "average": "the mean of four", "L2": "the root of the sum of four squares"}


def primer_chapter(root: Path) -> Section | None:
    """All of it, from the folder `primer` below `root`; None if that is not there."""
    folder = root / "primer"
    if not folder.is_dir():
        return None
    found = read_json(folder / "found.json")
    return section(
        "primer",
        "Primer: what convolutional networks are made of",
        Prose("Every number and picture here was computed when this page was built."),
        convolution_section(folder, found),
        pooling_section(folder, found),
        field_section(found),
        function_section(folder, found),
        finding="Convolutional networks are made of windows with shared weights, of poolings and of activations, each "
        "of which can be worked out by hand.",
    )


def convolution_section(folder: Path, found: Json) -> Section:
    """Sizes, an exercise worked out, and an image through its channels."""
    done, checked = found["convolution"], found["checked"]
    said = (
        "A window of k positions, d apart, that moves by s over a side of n with p empty positions at either end gives "
        "`floor((n + 2p - d(k-1) - 1) / s) + 1` numbers. Output channels have k² weights for each input channel of "
        "their group, and a bias."
    )
    parts = (line for key in ("image", "kernel", "result") for line in (f"{key}:", *in_rows(done[key])))
    return section(
        "primer-convolution",
        "Convolution",
        Prose(said),
        tabulate("Sizes", SIZES, found["sizes"]),
        Prose("A 3x3 kernel over a 4x4 image without padding gives 2x2 numbers, each a sum of nine products:"),
        Code("\n".join([*parts, *done["steps"]])),
        primer_picture(folder, "channels", CHANNELS, matrix_table("What the kernel holds", done["kernel"])),
        finding="Size, weights and multiply-accumulates of a convolution follow from its settings: of "
        f"{count(checked['count'])} random convolutions {count(checked['agreed'])} have those of torch's.",
    )


def pooling_section(folder: Path, found: Json) -> Section:
    """The same image under three poolings, in numbers and as a picture; flattening."""
    worked = [
        Fold(f"{kind}: {RULES[kind]}", (Code("\n".join([*in_rows(one["result"]), *one["steps"]])),))
        for kind, one in found["poolings"].items()
    ]
    flat = " ".join(f"{value:g}" for value in found["flatten"])
    tables = (
        matrix_table(f"{kind} pooling of the exercise's image", one["result"])
        for kind, one in found["poolings"].items()
    )
    return section(
        "primer-pooling",
        "Pooling and flattening",
        Prose("The image of the exercise, pooled 2x2 in steps of 2:"),
        *worked,
        primer_picture(folder, "poolings", POOLINGS, *tables),
        Prose(f"Flattening lays rows end to end, so that a dense layer can read them: `{flat}`."),
        finding=POOLINGS.finding,
    )


def field_section(found: Json) -> Section:
    """Two small windows against a large one; the fields of every network."""
    one, two = found["stacks"]
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
    title = "Receptive fields of the studies' networks"
    return section(
        "primer-fields",
        "Receptive fields",
        tabulate("Small windows and a large one", STACKS, found["stacks"]),
        Fold(title, (tabulate(title, FIELDS, rows, note),)),
        finding=f"{two['name'].capitalize()} convolutions see {two['field']}x{two['field']} pixels, as {one['name']} "
        f"does, with {percent(two['weights'] / one['weights'])} % of its weights and one activation more.",
    )


def function_section(folder: Path, found: Json) -> Section:
    """Activations with their derivatives; what turns logits into probabilities."""
    said = (
        "Softmax divides one probability among the classes: its column sums to 100 %. The sigmoid answers each class "
        "by itself: several may be likely, or none."
    )
    return section(
        "primer-functions",
        "Activations, softmax and sigmoid",
        primer_picture(folder, "activations", ACTIVATIONS, function_table()),
        Prose(said),
        tabulate("Softmax and sigmoid", ANSWERS, found["answers"]),
        finding=ACTIVATIONS.finding,
    )


def function_table() -> Table:
    inputs = np.linspace(-2, 2, 5)
    columns = (Column("function", "name", text), *(Column(f"at {x:g}", str(k), number) for k, x in enumerate(inputs)))
    rows = [
        {"name": name, **{str(k): value for k, value in enumerate(found.tolist())}}
        for kind, one in FUNCTIONS.items()
        for name, found in ((kind, one.apply(inputs)), (f"{kind}, derivative", one.derivative(inputs)))
    ]
    return tabulate("Activations and their derivatives", columns, rows)


def primer_picture(folder: Path, name: str, words: Words, *numbers: Table) -> Illustration:
    return Illustration(
        f"primer-{name}", stored_chart((folder / f"{name}.webp").read_bytes()), words, "primer", (), numbers
    )


def matrix_table(label: str, rows: list[list[float]]) -> Table:
    columns = (Column("row", "row", count), *(Column(f"column {k + 1}", str(k), number) for k in range(len(rows[0]))))
    numbered = [{"row": k + 1, **{str(n): value for n, value in enumerate(row)}} for k, row in enumerate(rows)]
    return tabulate(label, columns, numbered)


def in_rows(rows: list[list[float]]) -> list[str]:
    """Numbers as lines, in columns of one width."""
    return ["  ".join(f"{value:5.3g}" for value in row) for row in rows]
