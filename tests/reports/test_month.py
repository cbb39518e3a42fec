"""The report of a month: what falls into it, worked out by hand.

March 2027, judged at its end. Accuracy of alpha in March is 88%, below 90%: breached; beta has no sample: unmeasured. The
breach of February was told on 1 March, within two days: that duty was kept in March. An intern overrode a decision on 15
March: breached. The incident of 31 March, noon, may be answered until 2 April, noon: open. In February: alpha breached
(82.5%), beta kept, one incident answered in time.
"""

from __future__ import annotations

import json
from collections import Counter
from io import BytesIO
from pathlib import Path

import docx
import pikepdf
import pytest

from tallystick.document.document import Letterhead, Plot, text_of
from tallystick.document.to_docx import to_docx
from tallystick.document.to_html import to_html
from tallystick.document.to_markdown import to_markdown
from tallystick.document.to_pdf import to_pdf
from tallystick.evaluation.finding import Verdict
from tallystick.reports.month import NoReport, Report, by_article, month_in, report_json, report_of, to_do
from tallystick.reports.month_paper import to_document

from .deal import compiled, judged


def report(folder: Path, month: str = "2027-03", as_of: str = "2027-04-01") -> Report:
    agreement = compiled().agreement
    return report_of(agreement, judged(folder, as_of), month_in(month, "America/New_York"))


def lines(found: Report) -> dict[str, str]:
    cover = to_document(found).cover
    assert isinstance(cover, Letterhead)
    return {text_of(row.cells[0]): text_of(row.cells[1]) for row in cover.facts.rows}


def test_findings_fall_into_the_month_they_belong_to(tmp_path: Path) -> None:
    found = report(tmp_path / "a")
    assert Counter(each.verdict for each in found.findings) == {
        Verdict.BREACHED: 2,
        Verdict.UNMEASURED: 1,
        Verdict.MET: 1,
    }
    assert Counter(each.verdict for each in found.earlier) == {Verdict.BREACHED: 1, Verdict.MET: 2}
    assert [each.rule for each in found.open] == ["answers"]
    counts = {each.number: (dict(each.now), dict(each.before)) for each in by_article(found)}
    assert counts == {
        "2": (
            {Verdict.BREACHED: 1, Verdict.UNMEASURED: 1, Verdict.MET: 1},
            {Verdict.BREACHED: 1, Verdict.MET: 2},
        ),
        "3": ({Verdict.BREACHED: 1}, {}),
    }


def test_the_first_page_says_it_in_five_lines(tmp_path: Path) -> None:
    assert lines(report(tmp_path / "a")) == {
        "Result": "2 breaches (February 2027: 1): 2.1 Accuracy and 3.1 Overrides",
        "Judged": "4 judgements: 1 kept, 2 breached, 1 not measured, 25% passed (February 2027: 66.6%)",
        "Service credits": "USD 150 to Customer (February 2027: USD 150 to Customer)",
        "To be done": "3 deadlines running; the next on 2 April 2027, 12:00: 2.2 Answers, by Provider",
        "Rights": "No right to terminate exists",
    }


def test_a_month_without_breaches_says_what_could_not_be_judged(tmp_path: Path) -> None:
    found = lines(report(tmp_path / "a", "2027-01", "2027-02-01"))
    assert found["Result"] == "Nothing was breached (December 2026: none)"
    # alpha, beta, and two duties that nothing happened to call for
    assert found["Judged"] == "4 judgements: 4 kept, 100% passed"
    assert found["Service credits"] == "None (December 2026: none)"
    assert found["To be done"] == "No deadline is running"


def test_what_is_to_be_done_comes_in_order(tmp_path: Path) -> None:
    found = [(each.who, each.what) for each in to_do(report(tmp_path / "a"))]
    assert found == [
        ("Provider", "2.2 Answers"),
        ("Provider", "2.1 Accuracy: notice to the Risk Officer"),
        ("Provider", "2.1 Accuracy: cure the breach"),
    ]


def test_a_later_instant_shows_what_became_of_it(tmp_path: Path) -> None:
    page = to_markdown(to_document(report(tmp_path / "a", as_of="2027-04-20")), "0" * 64)
    assert "not cured in time" in page
    assert "The breach has gone up to the Head of Risk" not in page  # in April, not in March
    assert "As of 20 April 2027, 00:00 (America/New_York)" in page


def test_the_page_tells_credits_caps_comparison_and_data(tmp_path: Path) -> None:
    page = to_markdown(to_document(report(tmp_path / "a")), "0" * 64)
    assert "| 2.1 Accuracy | alpha | Customer | USD 200 | USD 150 | due |" in page
    assert "| The whole agreement | March 2027 | USD 150 | USD 150 | USD 0 |" in page
    assert "| 2.1 Accuracy | beta | kept | not measured |" in page
    assert "| 2.1 Accuracy | beta | March 2027 | no data |" in page
    assert "| accuracy | accuracy.csv |" in page
    assert "| Time | alpha | beta |" in page
    assert "| March 2027 | 88% (breached) | unmeasured |" in page


def test_a_month_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for month, why in (("2026-12", "not in force"), ("2027-05", "has not begun")):
        with pytest.raises(NoReport, match=why):
            report(tmp_path / month, month)


@pytest.mark.parametrize("text", ["2027-13", "2027", "03-2027", "2027-3", "2027-03-01", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - date and this function raise it with words of their own
        month_in(text, "UTC")


def test_months_follow_the_clock_of_the_agreement() -> None:
    march = month_in("2027-03", "America/New_York")
    assert (march.end - march.start) // 3_600_000_000 == 31 * 24 - 1  # an hour is skipped on 14 March


def test_the_report_is_plain_data(tmp_path: Path) -> None:
    found = json.loads(json.dumps(report_json(report(tmp_path / "a"))))
    assert found["month"] == "2027-03"
    assert [each["verdict"] for each in found["findings"]] == ["breached", "unmeasured", "met", "breached"]
    assert found["credits"][0]["amount"] == "150.00"
    assert found["to_do"][0] == {
        "by": "2027-04-02T16:00:00Z",
        "who": "Provider",
        "what": "2.2 Answers",
        "finding": found["open"][0]["id"],
    }


def test_every_format_is_the_same_each_time_and_plots_have_words(tmp_path: Path) -> None:
    one, two = to_document(report(tmp_path / "a")), to_document(report(tmp_path / "b"))
    assert one == two
    plots = [block for section in one.sections for block in section.blocks if isinstance(block, Plot)]
    assert len(plots) == 1
    written = to_pdf(one, "0" * 64, {"report.json": b"{}"})
    assert written == to_pdf(two, "0" * 64, {"report.json": b"{}"})
    with pikepdf.open(BytesIO(written)) as pdf:
        figures = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"]
        assert [str(each.Alt) for each in figures] == [plots[0].says]
    page = to_html(one, "0" * 64)
    assert page.count("<svg") == 1
    assert "<title>Values of 2.1 Accuracy, January to March 2027. Agreed: at least 90%. alpha: 82.5% to 95%;" in page
    tables = docx.Document(BytesIO(to_docx(one, "0" * 64))).tables
    assert any(table.rows[-1].cells[1].text == "88% (breached)" for table in tables)
