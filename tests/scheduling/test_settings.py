"""The file that says what a job of SLURM takes."""

from pathlib import Path

import pytest

from lookalike.errors import InputError
from lookalike.scheduling.settings import SlurmSettings, load_settings

LEAST = "jobs: 2\ncores: 4\nmemory: 16GB\nwalltime: '08:00:00'\n"


def test_the_least_that_a_file_says(tmp_path: Path) -> None:
    (tmp_path / "slurm.yaml").write_text(LEAST)
    expected = SlurmSettings(jobs=2, cores=4, memory="16GB", walltime="08:00:00")
    assert load_settings(tmp_path / "slurm.yaml") == expected
    assert (expected.stages, expected.gpus, expected.partition) == (1, 0, None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("jobs: 2", "cores: Field required"),
        (LEAST + "queue: long", "queue: Extra inputs are not permitted"),
        (LEAST.replace("2", "0"), "jobs: Input should be greater than or equal to 1"),
        (LEAST.replace("16GB", "16 people"), "memory: String should match pattern"),
        (LEAST.replace("'08:00:00'", "8 hours"), "walltime: String should match pattern"),
        (LEAST + "gpus: -1", "gpus: Input should be greater than or equal to 0"),
        ("", "the file: Input should be a valid dictionary"),
        ("jobs: [", "while parsing"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "slurm.yaml").write_text(content)
    with pytest.raises(InputError) as refused:
        load_settings(tmp_path / "slurm.yaml")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "slurm.yaml" in str(refused.value)
