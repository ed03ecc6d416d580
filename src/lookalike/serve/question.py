"""What the page asks about a picture, and the picture that the question means."""

import io
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, model_validator

from lookalike.artifacts.pictures import SMALLEST, decode_picture
from lookalike.data.masks import Mask, recut
from lookalike.errors import RejectedError
from lookalike.photographs.recipes import Preparer

MAX_BYTES = 25_000_000  # of a picture; photos of phones have up to 15 million
LONGEST = 1024  # pixels on the longer side of a picture that the page shows
GARMENT, MARKED = 1, 2  # bits of a mended mask's pixel
TURNS = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}  # to the right

Share = Annotated[float, Field(ge=0, le=1)]


class Crop(BaseModel):
    """The edges of a part of a picture, as shares of its width and height from the upper left corner."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    left: Share = 0
    top: Share = 0
    right: Share = 1
    bottom: Share = 1

    @model_validator(mode="after")
    def has_an_area(self) -> Self:
        """Refuse what has no area."""
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError("the part that is cut out is empty")
        return self


class MendedMask(BaseModel):
    """A mask that was mended by hand.

    Attributes:
        width, height: of the picture as the recipes take it.
        pixels: a byte each, row by row: `GARMENT` if the pixel is the garment's, plus `MARKED` if a person said so.
        cut: find the mask anew by GrabCut, with what is marked as given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    pixels: Base64Bytes
    cut: bool = False

    @model_validator(mode="after")
    def has_all_pixels(self) -> Self:
        """Refuse another number of pixels, and other values."""
        if len(self.pixels) != self.width * self.height or max(self.pixels) > GARMENT | MARKED:
            raise ValueError("not a byte from 0 to 3 for each pixel")
        return self

    @property
    def bits(self) -> NDArray[np.uint8]:
        """The pixels (height, width)."""
        return np.frombuffer(self.pixels, np.uint8).reshape(self.height, self.width)


class Question(BaseModel):
    """A picture, and how it is to be turned, cropped and cut out.

    Attributes:
        picture: the content of its file.
        turn: quarters of a turn to the right.
        crop: after the turn.
        mask: None means that the recipe finds it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    picture: Annotated[Base64Bytes, Field(max_length=MAX_BYTES)]
    turn: Literal[0, 1, 2, 3] = 0
    crop: Crop = Crop()
    mask: MendedMask | None = None

    def photo(self) -> Image.Image:
        """The picture, turned and cropped.

        Raises:
            RejectedError: it cannot be read, or what is left is too small.
        """
        photo = decode_picture(io.BytesIO(self.picture))
        photo = photo.transpose(TURNS[self.turn]) if self.turn else photo
        width, height = photo.size
        crop = self.crop
        box = (crop.left * width, crop.top * height, crop.right * width, crop.bottom * height)
        left, top, right, bottom = (round(edge) for edge in box)
        if min(right - left, bottom - top) < SMALLEST:
            raise RejectedError(f"the part has less than {SMALLEST} pixels on a side; cut out a larger one")
        return photo.crop((left, top, right, bottom))

    def mended_mask(self, preparer: Preparer) -> Mask | None:
        """The mask (H, W) that a person mended, for the picture that the recipes take; None if nobody did.

        Raises:
            RejectedError: it is of a picture of another size.
        """
        if self.mask is None:
            return None
        picture, bits = preparer.sources[True], self.mask.bits
        if bits.shape != picture.shape[:2]:
            raise RejectedError("the mask is that of another picture; start it over")
        garment, marked = bits & GARMENT > 0, bits & MARKED > 0
        return recut(picture, garment, marked) if self.mask.cut else garment


def shown(photo: Image.Image) -> Image.Image:
    """The photo, small enough to be shown."""
    scale = min(1.0, LONGEST / max(photo.size))
    width, height = (max(1, round(edge * scale)) for edge in photo.size)
    return photo.resize((width, height), Image.Resampling.LANCZOS) if scale < 1 else photo
