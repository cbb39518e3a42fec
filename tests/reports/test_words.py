"""Times and values as a report prints them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tallystick.evaluation.clock import NEVER, instant
from tallystick.reports.words import named_text, span_text, time_text

ZONE = ZoneInfo("America/New_York")


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZONE))


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2027-03-01", "2027-04-01", "March 2027"),
        ("2028-02-01", "2028-03-01", "February 2028"),
        ("2028-02-01", "2028-02-29", "1 to 28 February 2028"),
        ("2027-01-01", "2028-01-01", "2027"),
        ("2027-01-01", "2027-04-01", "January to March 2027"),
        ("2026-11-01", "2027-02-01", "November 2026 to January 2027"),
        ("2027-03-14", "2027-03-15", "14 March 2027"),
        ("2027-03-22", "2027-03-29", "22 to 28 March 2027"),
        ("2027-03-29", "2027-04-05", "29 March 2027 to 4 April 2027"),
        ("2027-03-14 01:00", "2027-03-14 03:00", "14 March 2027, 01:00 to 03:00"),
        ("2027-03-14 10:00", "2027-03-16 10:00:05", "14 March 2027, 10:00 to 16 March 2027, 10:00:05"),
        ("2027-03-14 10:00", "2027-03-14 10:00", "14 March 2027, 10:00"),
    ],
)
def test_a_time_is_called_as_people_call_it(start: str, end: str, said: str) -> None:
    assert span_text(at(start), at(end), ZONE) == said


def test_what_never_ends_says_so() -> None:
    assert span_text(at("2027-03-01"), NEVER, ZONE) == "1 March 2027, 00:00 to never"
    assert time_text(None, ZONE) == "–"
    assert time_text(at("2027-03-01 00:00:00.5"), ZONE) == "1 March 2027, 00:00:00.500000"


def test_values_stand_behind_their_names() -> None:
    assert named_text((("incident_id", "7"), ("model", "alpha"))) == "incident id 7, model alpha"
