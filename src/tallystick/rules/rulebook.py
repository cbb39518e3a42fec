"""The rulebook: everything a machine needs to judge an agreement, as versioned plain data."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from tallystick.quantities import Data
from tallystick.rules.calendars import WorkingCalendar
from tallystick.rules.derived import Intervals, Runs
from tallystick.rules.rule import Covered, FiscalYear, Remedy, Rule

SCHEMA_VERSION = 3


class Party(Data):
    """A contracting party: its id, legal name and the name the contract calls it."""

    id: str
    name: str
    called: str


class Role(Data):
    """Who decides, approves or is told, on behalf of a party."""

    id: str
    title: str
    party: str
    above: str | None = None


class MetricData(Data):
    """A metric to be bound to data: `unit` of its samples, decimal `places` read, dimensions (text) of each sample.

    A `derived` one takes no data of its own: it is computed from others.
    """

    id: str
    title: str
    unit: str
    dimensions: tuple[str, ...] = ()
    places: int = 9
    derived: Intervals | None = None


class AttributeData(Data):
    """A number that an event or record carries."""

    name: str
    unit: str


class EventData(Data):
    """An event to be bound to data. Dimensions in `optional` may be empty in a row.

    `actor` is the dimension that names the person who acts (of a notice: who is told); the roles of a row that names
    one are those that `holds` says this person had at the time. Without it a row has the role that it states.
    """

    id: str
    title: str
    dimensions: tuple[str, ...] = ()
    attributes: tuple[AttributeData, ...] = ()
    optional: tuple[str, ...] = ()
    actor: str | None = None


WAIVER = "waiver"
"""The record that every agreement knows. Its end is agreed beforehand, so that one to come is known too."""

HOLDS = "holds"
"""The record that every agreement knows of who holds which role, and from when until when."""

ABOUT = "about"
"""The dimension of `notice`, `cure` and `claim` that names the breach they are about: a finding's id, or the local day,
month or year to which it belongs (`2027-03-14`, `2027-03`, `2027`). An empty one is about any."""

PERSON = "person"
"""The dimension of `holds`, and of events, that names a person."""


class RecordData(Data):
    """A record to be bound to data: a beginning, an end that may be open, dimensions and attributes. Dimensions in
    `optional` may be empty in a row.

    A `derived` one takes no data of its own: it is computed from others.
    """

    id: str
    title: str
    dimensions: tuple[str, ...] = ()
    attributes: tuple[AttributeData, ...] = ()
    optional: tuple[str, ...] = ()
    derived: Runs | None = None


class AmendmentData(Data):
    """An amendment whose changes the rules hold, from its local midnight on."""

    number: int
    effective: date


class OrderData(Data):
    """An order under the agreement, in force from one local midnight until another, and what it covers: the rows that
    meet all of `covers`, or everything without any.

    With `own_remedies`, consequences of its own stand in place of the agreement's for its texts of rules.
    """

    id: str
    title: str
    effective: date
    until: date | None = None
    covers: tuple[Covered, ...] = ()
    own_remedies: bool = False


class Rulebook(Data):
    """One agreement's rules. `effective` is inclusive and `until` exclusive, local midnights; None is open-ended.

    A rule that an amendment changes stands once for each of its texts, with the time in which that is in force. A rule
    that reads otherwise under an order stands once more for it, with the `order` in whose time it is in force.
    """

    schema_version: Literal[3] = 3
    tally: str = ""
    agreement: str
    version: str
    effective: date
    until: date | None = None
    timezone: str
    currency: str | None = None
    calendars: tuple[WorkingCalendar, ...] = ()
    fiscal_year: FiscalYear | None = None
    environments: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()
    roles: tuple[Role, ...] = ()
    terms: dict[str, str] = Field(default_factory=dict)
    metrics: tuple[MetricData, ...] = ()
    events: tuple[EventData, ...] = ()
    records: tuple[RecordData, ...] = ()
    rules: tuple[Rule, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    amendments: tuple[AmendmentData, ...] = ()
    orders: tuple[OrderData, ...] = ()
