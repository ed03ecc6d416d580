"""What the released models answer to a question of the page, as a part of a page."""

import io
from dataclasses import dataclass
from typing import Self

import numpy as np
from PIL import Image

from lookalike.data.masks import Mask
from lookalike.errors import InputError
from lookalike.explain.methods import DEFAULT
from lookalike.explain.own_photo import explain
from lookalike.params import Params
from lookalike.photographs.accuracy import BEST
from lookalike.photographs.own_photo import ask_models, prepare_photo
from lookalike.photographs.photo_model import PhotoModel, backbone, load_photo_model
from lookalike.photographs.recipes import Preparer
from lookalike.photographs.trained_models import TrainedModel, look_alike_groups
from lookalike.reporting.document import data_uri
from lookalike.reporting.figures.contact_sheets import png
from lookalike.reporting.own_photo import build_page
from lookalike.reporting.own_photo_answer import expected_accuracy
from lookalike.reporting.photo_accuracy import ADVICE_ALT, advice_webp, read_accuracies
from lookalike.reporting.report import render
from lookalike.results.released_models import released_models
from lookalike.serve.question import MAX_BYTES, Question, shown

NAME = "your photo"
QUALITY = 85  # of the WebP of a preview


@dataclass(frozen=True)
class EditableMask:
    """The picture that the recipes take, and the mask of the garment in it, as addresses that hold them.

    Attributes:
        picture, mask: of the same size; the mask is white on the garment and black elsewhere.
    """

    picture: str
    mask: str


@dataclass(frozen=True)
class Classifier:
    """The released models, ready to answer."""

    params: Params
    models: list[TrainedModel]
    photo_model: PhotoModel

    @classmethod
    def load(cls, params: Params) -> Self:
        """The released models; the network of the one for photographs is loaded here, the small ones when asked.

        Raises:
            InputError: a file is missing or damaged.
        """
        if params.photos is None or BEST not in params.photos.recipes:
            raise InputError(f"params.yaml: photos.recipes: {BEST}: needed to prepare photos; restore it")
        models, photo_model = released_models(params), load_photo_model()
        backbone()
        return cls(params, models, photo_model)

    def page(self) -> str:
        """The page without an answer."""
        return render(
            "serve.html",
            accuracies=read_accuracies(),
            accuracy=expected_accuracy(self.photo_model.about.measured),
            advice=data_uri(advice_webp()),
            advice_alt=ADVICE_ALT,
            method=DEFAULT,
            max_bytes=MAX_BYTES,
        )

    def answer(self, question: Question) -> str:
        """What the models say of a picture, with all that is shown of it: HTML.

        Raises:
            RejectedError: the picture cannot be used.
        """
        photo = question.photo()
        pixels = np.asarray(photo)
        preparer = Preparer(pixels, pixels)
        recipes = self.params.photos.recipes if self.params.photos else {}  # what has none was refused
        mended = question.mended_mask(preparer)
        if mended is not None:
            recipes = {BEST: recipes[BEST]}
            preparer.use_mask(recipes[BEST], mended)
        prepared = prepare_photo(NAME, lambda: photo, preparer, recipes, every=False)
        answered = ask_models([prepared], self.models, self.photo_model)
        page = build_page(answered, explain(answered, look_alike_groups(self.params)), self.params)
        editable = None if prepared.ready else editable_mask(preparer, preparer.mask(recipes[BEST]))
        return render("answer.html", report=page, picture=page.pictures[0], editable=editable)


def editable_mask(preparer: Preparer, mask: Mask) -> EditableMask:
    """What the page needs to mend a mask."""
    white = np.where(mask, 255, 0).astype(np.uint8)
    pictures = (png(Image.fromarray(pixels)) for pixels in (preparer.sources[True], white))
    return EditableMask(*(data_uri(picture, "png") for picture in pictures))


def preview(question: Question) -> bytes:
    """The picture as WebP, small, upright and turned: also of formats that a browser cannot show.

    Raises:
        RejectedError: it cannot be read.
    """
    out = io.BytesIO()
    shown(question.photo()).save(out, format="WEBP", quality=QUALITY)
    return out.getvalue()
