"""What `lookalike try` does. Modules that take long to import stay in functions, so that refusals come at once."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.cli.output import print_json
from lookalike.command import BAD_INPUT

if TYPE_CHECKING:
    from lookalike.params import Params
    from lookalike.photographs.own_photo import AnsweredPhotos
    from lookalike.photographs.requested_pictures import RequestedPictures

PAGE = Path("try.html")
MAX_PICTURES = 20  # more make a page that nobody reads, and a figure too high to be drawn


@dataclass(frozen=True)
class Request:
    """What the command is asked for; the fields are its arguments.

    Attributes:
        released: ask the released models, instead of those that the pipeline trained here.
        every: use every recipe, and every variant.
        page: the page to write; None means `PAGE`, and no page beside JSON.
    """

    pictures: Sequence[str]
    released: bool
    every: bool
    json: bool
    open: bool
    page: Path | None

    @property
    def page_file(self) -> Path:
        return self.page or PAGE

    @property
    def figure_file(self) -> Path:
        return self.page_file.with_suffix(".png")

    @property
    def wants_page(self) -> bool:
        return self.page is not None or self.open or not self.json


def answer_request(request: Request) -> int:
    """Classify the pictures, print the answers and write the page; returns the exit status.

    Raises:
        InputError: there are too many pictures, or no models, or the page would overwrite a picture.
    """
    from lookalike.params import load_params
    from lookalike.photographs.own_photo import ask_models, prepare_own_photos
    from lookalike.photographs.photo_model import load_photo_model
    from lookalike.photographs.requested_pictures import find_pictures
    from lookalike.photographs.trained_models import find_models
    from lookalike.results.released_models import released_models

    outcomes = (request.page_file, request.figure_file)
    wanted = find_pictures(request.pictures, outcomes=outcomes, most=MAX_PICTURES)
    params = load_params()
    models = released_models(params) if request.released else find_models(params, every=request.every)
    recipes = params.photos.recipes if params.photos else {}  # what has none was refused
    photos, wanted = prepare_own_photos(wanted, recipes, every=request.every)
    if photos:
        answered = ask_models(photos, models, load_photo_model() if request.released else None)
        show(request, answered, params, wanted)
    elif request.json:
        print_json({"pictures": [], "unusable": wanted.unusable})
    for name, reason in wanted.unusable.items():
        print(f"error: {name}: {reason}", file=sys.stderr)
    return BAD_INPUT if wanted.unusable else 0


def show(request: Request, answered: "AnsweredPhotos", params: "Params", wanted: "RequestedPictures") -> None:
    """Print the answers, and write and open the page, as far as they are asked for."""
    from lookalike.reporting.own_photo_answer import short_answers

    if request.json:
        short = short_answers(answered, params)
        print_json({"pictures": [asdict(one) for one in short], "unusable": wanted.unusable})
    if request.wants_page:
        from lookalike.explain.own_photo import explain
        from lookalike.photographs.trained_models import look_alike_groups
        from lookalike.reporting.own_photo import build_page, write_page

        page = build_page(answered, explain(answered, look_alike_groups(params)), params, wanted)
        lines, files = write_page(page, request.page_file, request.figure_file if request.every else None)
        if not request.json:
            print("\n".join([*lines, f"See {files}."]))
    if request.open:
        import webbrowser

        webbrowser.open(request.page_file.resolve().as_uri())
