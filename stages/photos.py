"""Stage photos: photographs, drawn, published or a person's own -> photos/, prepared by every recipe."""

import os
from pathlib import Path

from lookalike.artifacts.photos import save_photos
from lookalike.command import run
from lookalike.data.photo_set import find_photographs, photo_set, prepare_all, ways
from lookalike.params import load_params
from lookalike.reporting.contact_sheets import sheets, stacked, strip

SAMPLE = 10  # photographs that the report shows


def main() -> None:
    """Prepare every photograph of the active profile; what is refused is listed with its reason."""
    params = load_params()
    recipes, classes = ways(params.photos.recipes), params.datasets[params.photos.dataset].classes
    cache = Path(os.environ.get("DVC_ROOT", ".")) / "downloads"
    found, refused, provenance = find_photographs(
        params.active.photos, classes, cache, os.environ.get("LOOKALIKE_MIRROR")
    )
    photographs, prepared, unprepared = prepare_all(found, recipes, strip)
    pictures = {}
    captions = [f"{one.name}: {one.label or 'none of the classes'}" for one in photographs]
    for recipe in params.photos.recipes:
        strips = [one.strips[recipe] for one in prepared]
        for photograph, picture in zip(photographs, strips, strict=True):
            pictures[f"steps/{recipe}/{photograph.name}"] = picture
        shown = range(0, len(strips), max(1, len(strips) // SAMPLE))
        if strips:
            pictures[f"samples/{recipe}"] = stacked(
                [strips[k] for k in shown][:SAMPLE], [captions[k] for k in shown][:SAMPLE]
            )
        for page, sheet in enumerate(sheets(strips, captions), start=1):
            pictures[f"sheets/{recipe}-{page:02d}"] = sheet
    photos = photo_set(photographs, prepared, recipes, classes, provenance)
    save_photos(Path("photos"), photos, refused + unprepared, pictures)


if __name__ == "__main__":
    run(main)
