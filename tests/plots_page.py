"""Write `.dvc/plots.html`, the page that `dvc plots show` fills: `python tests/plots_page.py`.

DVC's own page loads Vega from the network when it is opened. This one holds it, as bundled by the package
vl-convert-python, so that plots can be seen without a network. `test_plots.py` compares the two.
"""

from pathlib import Path

PAGE = Path(__file__).parents[1] / ".dvc/plots.html"
VEGA_LITE = "5.20"  # of the releases in the package the last that draws DVC's own templates, which are of version 5

TEXT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval';
 style-src 'unsafe-inline'; img-src 'self' data: blob:">
{refresh_tag}
<title>Lookalike: plots</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem; }
body > div { margin-bottom: 2.5rem; overflow-x: auto; }
</style>
<!-- The script below is Vega, Vega-Lite and Vega-Embed as bundled by vl-convert, with D3 (Copyright 2010-2023 Mike
Bostock, ISC licence). Their licence:

Copyright (c) 2015-2023, University of Washington Interactive Data Lab. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met:
1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
disclaimer in the documentation and/or other materials provided with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products
derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE. -->
<script>
LIBRARIES
</script>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def page() -> str:
    """The page, whose `{plot_divs}` and `{refresh_tag}` DVC replaces."""
    import vl_convert

    libraries = vl_convert.javascript_bundle(vl_version=VEGA_LITE)
    return TEXT.replace("LIBRARIES", libraries.strip())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
