"""Compound scaling, and the whole of what the stage writes."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from descriptions import described
from torch.utils.flop_counter import FlopCounterMode

from lookalike.costs import measure
from lookalike.costs.configurations import vgg_configurations
from lookalike.costs.measure import Size
from lookalike.costs.page import Json, all_costs
from lookalike.costs.scaling import STEP, network
from lookalike.runtime import Runtime

TINY = described(model="residual_net", model_args={"depth": 8}, input_shape=(3, 16, 16))


@pytest.fixture(scope="module")
def found() -> tuple[Json, Json]:
    """Measured in as few rounds as there may be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "MOST", 2)
        return all_costs(
            {"tiny": TINY, "plain": replace(TINY, model_args={"depth": 8, "residual": False})}, Runtime(CPU)
        )


CPU = torch.device("cpu")


def test_all_of_it_becomes_json(found: tuple[Json, Json]) -> None:
    for part in found:
        assert json.loads(json.dumps(part, allow_nan=False)).keys() == part.keys()


def test_what_is_counted_and_what_is_measured_have_the_same_rows(found: tuple[Json, Json]) -> None:
    counted, measured = found
    assert counted.keys() - {"vgg_configurations"} | {"device"} == measured.keys()  # these are not timed
    for name in ("separable", "designs", "scaling"):
        assert len(counted[name]) == len(measured[name]) > 0
    assert list(counted["members"]) == list(measured["members"]) == ["tiny", "plain"]
    assert measured["device"]["precision"] == "float32"


def test_members_are_measured_alone_and_in_a_batch(found: tuple[Json, Json]) -> None:
    counted, measured = found
    assert [speed["batch"] for speed in measured["members"]["tiny"]] == [1, 64]
    assert counted["members"]["tiny"] == counted["members"]["plain"]  # shortcuts have neither weights nor products
    assert tuple(counted["members"]["tiny"]["input_shape"]) == (3, 16, 16)


def test_the_configurations_of_vgg_are_part_of_it(found: tuple[Json, Json]) -> None:
    assert found[0]["vgg_configurations"] == [asdict(row) for row in vgg_configurations()]


def test_efficientnets_are_those_of_their_paper(found: tuple[Json, Json]) -> None:
    """Table 2: 5.3, 7.8 and 9.2 million weights; .39, .70 and 1.0 billion products (of B2 at 260 pixels)."""
    rows = found[0]["scaling"]
    sizes = [Size(**row["size"]) for row in rows]
    assert [size.parameters / 1e6 for size in sizes] == pytest.approx([5.3, 7.8, 9.2], rel=0.02)
    assert [size.macs / 1e9 for size in sizes] == pytest.approx([0.39, 0.70, 1.0 * (256 / 260) ** 2], rel=0.12)
    assert [row["side"] for row in rows] == [224, 240, 256]
    assert [row["blocks"] for row in rows] == [16, 23, 23]


def test_factors_are_counted_and_by_the_rule(found: tuple[Json, Json]) -> None:
    rows = found[0]["scaling"]
    assert pytest.approx(1.2 * 1.1**2 * 1.15**2) == STEP == pytest.approx(1.92, abs=0.005)
    assert [row["ruled"] for row in rows] == pytest.approx([1, STEP, STEP**2])
    assert [row["factor"] for row in rows] == [row["size"]["macs"] / rows[0]["size"]["macs"] for row in rows]
    built = [row["blocks"] * row["channels"] ** 2 * row["side"] ** 2 for row in rows]
    assert [row["built"] for row in rows] == pytest.approx([one / built[0] for one in built])


def test_the_products_of_b0_are_those_of_torch(found: tuple[Json, Json]) -> None:
    model, shape = network("efficientnet_b0")
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model.eval().to("meta")(torch.empty(1, *shape, device="meta"))
    assert counter.get_total_flops() // 2 == found[0]["scaling"][0]["size"]["macs"]
