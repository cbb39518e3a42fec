"""Working calendars on paper and in the rules."""

from __future__ import annotations

import pytest

from tallystick.compilation import Compiled, compile_source
from tallystick.document.to_markdown import to_markdown
from tallystick.source import Source

HEAD = """agreement "Support" {
  version "1".
  effective 2027-01-01.
  LIFE
  timezone "America/New_York".
  business days "US".
}
calendar support_desk "Support Desk" {
  hours "Sun-Wed 10:00-18:00, Thu 10:00-13:00, Tue 20:00-24:00".
  timezone "Asia/Jerusalem".
}
party provider "Provider Ltd" called "Provider".
event incident "Incident".
event repair "repair".
key term repair_time "Repair Time" = 4 business hours of support_desk.
article "Support" {
  clause support "Support" {
    provider must perform repair within 2 business days of incident.
    provider must perform repair within repair_time of incident.
  }
}
"""


def compiled(life: str, head: str = HEAD) -> Compiled:
    result, found = compile_source(Source("support.msa", head.replace("LIFE", life)))
    assert [item for item in found if item.code != "T0507"] == []
    assert result is not None
    return result


def test_the_paper_says_what_business_days_and_hours_are() -> None:
    paper = to_markdown(compiled("term 12 months.").document, "0" * 64)
    assert "A “Business Day” is a day from Monday to Friday that is not a public holiday of the United States" in paper
    assert "of the years 2026 to 2029, count as such holidays. Its days are those in the time zone" in paper
    assert "A “Business Day of the Support Desk” is a day from Sunday to Thursday." in paper
    hours = "Sunday to Wednesday from 10:00 to 18:00, Tuesday from 20:00 to 24:00 and Thursday from 10:00 to 13:00"
    assert hours in paper
    assert "4 Business Hours of the Support Desk" in paper


def test_holidays_are_dates_in_the_rules() -> None:
    """Independence Day of 2027 is a Sunday, and observed on Monday 5 July."""
    calendar, desk = compiled("term 12 months.").rulebook.calendars
    days = [day.isoformat() for day in calendar.holidays if day.year == 2027]
    assert days == [
        "2027-01-01", "2027-01-18", "2027-02-15", "2027-05-31", "2027-06-18", "2027-07-05", "2027-09-06", "2027-10-11",
        "2027-11-11", "2027-11-25", "2027-12-24", "2027-12-31",
    ]  # fmt: skip
    assert (calendar.first, calendar.last) == (2026, 2029)
    assert calendar.timezone == "America/New_York"
    assert (desk.holidays, desk.places, desk.timezone) == ((), (), "Asia/Jerusalem")


@pytest.mark.parametrize(
    ("life", "last"),
    [
        ("term 36 months.", 2031),
        ("term 36 months renewing for 12 months.", 2037),
        ("", 2037),
        ("term 500 years.", 2100),
    ],
)
def test_holidays_are_listed_for_the_life_of_the_agreement(life: str, last: int) -> None:
    assert compiled(life).rulebook.calendars[0].last == last


def test_hours_of_the_agreement_say_its_weekdays() -> None:
    head = HEAD.replace('business days "US".', 'business hours "Sunday - Thursday 9:00 - 17:00".')
    (calendar, _) = compiled("", head).rulebook.calendars
    assert calendar.weekdays == (0, 1, 2, 3, 6)
    assert [(each.weekday, each.opens, each.closes) for each in calendar.hours] == [
        (day, 540, 1020) for day in (0, 1, 2, 3, 6)
    ]


@pytest.mark.parametrize(
    "hours", ["", "Mon", "Mon-Fri 9-5", "Mon-Fri 09:60-17:00", "Mo 09:00-17:00", "Mon 09:00-24:01"]
)
def test_hours_that_cannot_be_read(hours: str) -> None:
    text = HEAD.replace("LIFE", "").replace("Sun-Wed 10:00-18:00, Thu 10:00-13:00, Tue 20:00-24:00", hours)
    _, found = compile_source(Source("support.msa", text))
    assert {item.code for item in found} & {"T0235", "T0114"}


def test_a_calendar_that_nothing_counts_by_is_reported() -> None:
    extra = 'calendar spare {\n  holidays "IL".\n}\nparty provider'
    result, found = compile_source(Source("support.msa", HEAD.replace("LIFE", "").replace("party provider", extra)))
    assert result is not None
    unused = [item for item in found if item.code == "T0507" and item.facts["name"] == "spare"]
    assert [item.facts["kind"] for item in unused] == ["calendar"]
    assert all(item.code == "T0507" for item in found)


def test_the_name_of_the_agreement_is_no_name_of_a_calendar() -> None:
    extra = 'calendar agreement {\n  holidays "IL".\n}\nparty provider'
    _, found = compile_source(Source("support.msa", HEAD.replace("LIFE", "").replace("party provider", extra)))
    assert [item.code for item in found if item.code != "T0507"] == ["T0202"]
