"""The report: from the evidence of all stages to HTML pages and Markdown.

`comparison` scores a study's variants and draws what belongs to single variants; `explained` draws explanations.
`assemble` puts a report together: `measurements` and `leaderboard` read the results of the stages, `chapters` turn them
into the blocks of `document` and `tables`, with numbers written by `forms`; `report` renders these by `templates`.
`figures` holds all charts and pictures, `explorer` the page's explorer of single images.
`own_photo`, `own_photo_maps`, `own_photo_answer` and `own_photo_figure` show what models predict for a user's own
pictures.
"""
