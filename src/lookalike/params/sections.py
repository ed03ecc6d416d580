"""What all sections of `params.yaml` share: names, numbers within ranges, and the base class."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Names become folders, stages of the pipeline and addresses in the report.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)]
Pixels = Annotated[int, Field(ge=1, le=1000)]
Tone = Annotated[int, Field(ge=0, le=255)]
Rate = Annotated[float, Field(gt=0, le=10)]


class Section(BaseModel):
    """A part of the file: unknown keys are refused, values cannot be changed.

    An optional key that is left out is None, which means that nothing is done; no section holds another default,
    because DVC tracks the values in the file and would not see one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
