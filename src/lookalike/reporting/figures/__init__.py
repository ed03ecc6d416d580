"""Charts and pictures as matplotlib figures. Functions take arrays or what a stage wrote as JSON; none reads files.

`style` holds colours, axes and legends, `rendering` makes WebP and PNG, for wide pages and (`narrow`) for telephones,
with `tooltips`; `parts` cuts what is drawn once for both. `maps` lays out pixel-exact sheets of images and maps, on
which `grids`, `inner_maps`, `cases`, `families_images` and `primer` build; `contact_sheets` shows photographs through
the steps of recipes.
Charts by topic: `training`, `costs`, `look_alikes`, `complementary_errors`, `explanations`, `embeddings`, `activity`,
`robustness`, `photographs`, `families`, `families_inside` and `summary`, the figure of the first screen.
"""
