"""A notice of breach: between whom, on what evidence, with what consequences."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from tallystick.document.to_html import to_html
from tallystick.document.to_markdown import to_markdown
from tallystick.document.to_pdf import to_pdf
from tallystick.reports.notice import NoNotice, Notice, notice_json, notice_of
from tallystick.reports.notice_paper import to_document

from .deal import DATA, compiled, judged

MARCH = "326109db7314"
"""The breach of March, by alpha."""


def notice(folder: Path, what: str = MARCH, as_of: str = "2027-04-03", **between: str | None) -> Notice:
    return notice_of(compiled().agreement, judged(folder, as_of), what, **between)


def page(found: Notice) -> str:
    return to_markdown(to_document(found), "0" * 64)


def test_it_goes_from_the_other_party_to_the_one_in_breach(tmp_path: Path) -> None:
    found = notice(tmp_path / "a")
    assert (found.sender.id, found.recipient.id) == ("customer", "provider")
    text = page(found)
    assert (
        "| To | Acme \\<Models\\>, Inc. (“Provider”), a Delaware corporation, 1 Market Street. Notices to legal@acme"
        in text
    )
    assert "| From | Bank, N.A. (“Customer”). Notices to contracts@bank.example |" in text
    assert "Ann Lee" in text
    assert "| Breach | **Section\u00a02.1 (Accuracy)**: model alpha, March 2027: 88%, agreed at least 90% |" in text


def test_it_says_what_was_agreed_and_what_was_measured(tmp_path: Path) -> None:
    text = page(notice(tmp_path / "a"))
    assert "**Section\u00a02.1 (Accuracy)**, in Article\u00a02 (Quality) of the Agreement, says:" in text
    assert "Provider shall keep the mean of accuracy at least 90% over each calendar month for each model." in text
    assert "| Measured | 88% |" in text
    assert "| Agreed | at least 90% |" in text
    assert "| Time | March 2027 (America/New_York) |" in text
    assert "| The same in UTC | from 2027-03-01T05:00:00Z up to, not including, 2027-04-01T04:00:00Z |" in text
    assert "| accuracy | 10 March 2027, 07:00 | alpha | 88% |" in text


def test_it_names_consequences_with_their_deadlines(tmp_path: Path) -> None:
    text = page(notice(tmp_path / "a"))
    assert "| To be cured by | **11 April 2027, 00:00** (America/New_York) |" in text
    assert "| 3 April 2027, 00:00 | to be done |" in text
    assert "entitled to a service credit of USD 150 (USD 200 before caps). |  | due |" in text
    assert "goes up to the Head of Risk unless it is cured before. | 6 April 2027, 00:00 | not yet |" in text
    assert "once 3 breaches of this Section fall within any 12 months. |  | has not arisen |" in text


def test_later_it_says_what_was_not_done(tmp_path: Path) -> None:
    text = page(notice(tmp_path / "a", as_of="2027-05-01"))
    assert "| 3 April 2027, 00:00 | not done |" in text
    assert "| 11 April 2027, 00:00 | not cured in time |" in text
    assert "To be cured by" not in text


def test_it_names_the_files_by_their_digests(tmp_path: Path) -> None:
    found = notice(tmp_path / "a")
    known = {each.file: each.sha256 for each in found.files}
    for name in ("accuracy.csv", "notice.csv", "cure.csv"):
        assert known[name] == hashlib.sha256(DATA[name].encode()).hexdigest()
    assert "incident.csv" not in known


def test_it_says_what_is_not_known(tmp_path: Path) -> None:
    text = page(notice(tmp_path / "a"))
    assert "- What happened from 3 April 2027, 00:00 (America/New_York) on is not part of this notice." in text
    assert "- Accuracy is reported by Provider; its samples are taken as they were given." in text
    assert "1 row of accuracy (accuracy.csv) could not be read" in text


def test_a_clause_stands_for_its_breaches_that_were_not_cured(tmp_path: Path) -> None:
    for number, what in enumerate(("accuracy", "2.1")):
        found = notice(tmp_path / str(number), what)
        assert [each.finding.id for each in found.breaches] == [MARCH]
        assert found.cured == 1
        assert "1 breach of the same Section that were cured" not in page(found)
        assert "1 breach of the same Section was cured and is not part of this notice." in page(found)


def test_a_duty_that_was_missed_is_a_breach_of_its_own(tmp_path: Path) -> None:
    found = notice(tmp_path / "a", "accuracy", as_of="2027-04-05")
    assert len(found.breaches) == 2
    text = page(found)
    assert "Breach 2: Accuracy, notice to the Risk Officer, 1 to 2 April 2027" in text
    assert "| Breach | **Section\u00a02.1 (Accuracy), notice to the Risk Officer**: model alpha," in text
    assert "From breach 1:" in text


def test_where_nobody_is_bound_by_name_it_asks(tmp_path: Path) -> None:
    with pytest.raises(NoNotice, match="say to whom the notice goes: --to provider or --to customer"):
        notice(tmp_path / "a", "overrides")
    found = notice(tmp_path / "b", "overrides", recipient="customer")
    assert (found.sender.id, found.recipient.id) == ("provider", "customer")
    assert "role intern" in page(found)


@pytest.mark.parametrize(
    ("what", "between", "why"),
    [
        ("997f3a1f4ff8", {}, "is met: there is no breach"),
        ("nothing", {}, "There is no finding, clause or rule “nothing”"),
        ("answers", {}, "Nothing of “answers” is breached"),
        (MARCH, {"recipient": "bank"}, "There is no party “bank”. The parties are: provider, customer."),
        (MARCH, {"recipient": "customer"}, "Nothing of that is a breach by Customer"),
        (MARCH, {"sender": "provider"}, "A party gives no notice to itself"),
    ],
)
def test_what_is_no_notice_says_why(tmp_path: Path, what: str, between: dict[str, str], why: str) -> None:
    with pytest.raises(NoNotice, match=why):
        notice(tmp_path / "a", what, as_of="2027-04-01", **between)


def test_names_are_words_and_nothing_else(tmp_path: Path) -> None:
    written = to_html(to_document(notice(tmp_path / "a")), "0" * 64)
    assert "Acme &lt;Models&gt;, Inc." in written
    assert "<Models>" not in written


def test_it_is_data_and_a_pdf_that_are_the_same_each_time(tmp_path: Path) -> None:
    one, two = notice(tmp_path / "a"), notice(tmp_path / "b")
    told = json.dumps(notice_json(one))
    assert told == json.dumps(notice_json(two))
    found = json.loads(told)
    assert found["breaches"][0]["value"] == "0.88"
    assert found["breaches"][0]["consequences"][1]["by"] == {
        "utc": "2027-04-11T04:00:00Z",
        "local": "2027-04-11T00:00:00-04:00",
    }
    written = to_pdf(to_document(one), "0" * 64, {"notice.json": told.encode()})
    assert written == to_pdf(to_document(two), "0" * 64, {"notice.json": told.encode()})
    with pikepdf.open(BytesIO(written)) as pdf:
        assert list(pdf.attachments) == ["notice.json"]
