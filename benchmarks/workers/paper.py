"""From the compiled agreement to its PDF, with the sources in it."""

from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import pikepdf
from timing import config, report

from tallystick.building import carried
from tallystick.compilation import compile_source
from tallystick.document import to_pdf
from tallystick.source import Source

asked = config()
compiled, diagnostics = compile_source(Source("agreement.msa", Path(asked["file"]).read_text()))
assert compiled is not None, diagnostics
page_of = to_pdf.page_of
if not asked["contents"]:  # the same page, whose table of contents does not ask on which page a clause stands
    to_pdf.page_of = lambda *given: page_of(*given).replace(" target-counter(attr(href), page)", ' "1"')
pages = []


def work():
    written = to_pdf.to_pdf(compiled.document, compiled.tally, carried(compiled))
    with pikepdf.open(BytesIO(written)) as pdf:
        pages.append(len(pdf.pages))


report(work, f"WeasyPrint {version('weasyprint')}", pages=pages)
