"""Stage photos: photographs, drawn, published or a person's own -> photos/, prepared by every recipe."""

import os
from pathlib import Path

from PIL import Image

from lookalike.artifacts.folders import replacing_folder
from lookalike.artifacts.photos import save_photos
from lookalike.command import mirror, run
from lookalike.params import load_params
from lookalike.photographs.preparation import all_preparations, find_photographs, photo_set, prepare_photographs
from lookalike.reporting.figures.contact_sheets import contact_sheets, png, strip


def main() -> None:
    """Prepare every photograph of the active profile, if it has any; what is refused is listed with its reason."""
    params = load_params()
    if params.photos is None or params.active.photos is None:
        with replacing_folder(Path("photos")):
            return
    recipes, classes = all_preparations(params.photos.recipes), params.datasets[params.photos.dataset].classes
    cache = Path(os.environ.get("DVC_ROOT", ".")) / "downloads"
    found, refused, provenance = find_photographs(params.active.photos, classes, cache, mirror())
    photographs, prepared, unprepared = prepare_photographs(found, recipes, strip)
    strips = {recipe: [one.strips[recipe] for one in prepared] for recipe in params.photos.recipes}
    photos = photo_set(photographs, prepared, recipes, classes, provenance)
    pictures = contact_sheets(strips, [(one.name, one.label) for one in photographs])
    pairs = zip(photographs, prepared, strict=True)
    originals = {f"originals/{one.name}": png(Image.fromarray(made.original)) for one, made in pairs}
    save_photos(Path("photos"), photos, refused + unprepared, pictures | originals)


if __name__ == "__main__":
    run(main)
