"""By which role a row counts: the one that it states, or those that its person held at its instant."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.evaluation.clock import NEVER
from tallystick.evaluation.context import Context, Table
from tallystick.evaluation.dialect import NO_TEXT, texts
from tallystick.evaluation.engine import TEXT, TIME
from tallystick.evaluation.rows import ROW_TIME, dimension, known
from tallystick.rules.measure import Series, SeriesKind
from tallystick.rules.rulebook import HOLDS

HELD = Series(source=SeriesKind.RECORD, name=HOLDS)


def roles_of(ctx: Context, series: Series) -> tuple[Series, ...]:
    """What else a rule needs that asks for the role of such rows: who held which, where they name persons."""
    return () if ctx.table(series).actor is None else (HELD,)


def by_role(ctx: Context, table: Table, roles: Sequence[str]) -> str:
    """SQL: whether a row `t` counts as an act by (a notice: to) one of the roles, which hold their seniors already.

    A person's role counts at the instant of the row. Where the row also states a role, that one counts alone, and only
    if the person held it or one senior to it.
    """
    stated = f"t.{dimension('role')}" if "role" in table.dimensions else NO_TEXT
    by_statement = f"coalesce({stated} IN {texts(roles)}, FALSE)"
    if table.actor is None:
        return by_statement
    person = f"t.{dimension(table.actor)}"
    held = (
        f"EXISTS (SELECT 1 FROM {_held(ctx)} h WHERE h.person = {person} AND h.role IN {texts(roles)}"
        f" AND h.role = coalesce({stated}, h.role) AND {ROW_TIME} >= h.opens AND {ROW_TIME} < h.closes)"
    )
    return f"CASE WHEN {person} IS NULL THEN {by_statement} ELSE {held} END"


def _held(ctx: Context) -> str:
    """A table of who held which role and when; whoever holds a role holds those below it as well."""
    table, rows = ctx.table(HELD), []
    if table.bound:
        below = {role.id: role.above for role in ctx.rulebook.roles}
        columns = f'{dimension("person")}, {dimension("role")}, "time", "end"'
        for person, role, opens, closes in ctx.engine.rows(f"SELECT {columns} FROM {known(ctx, table)}"):
            current: str | None = role
            while current is not None:
                rows.append((person, current, opens, NEVER if closes is None else closes))
                current = below.get(current)
    return ctx.engine.hand_over({"person": TEXT, "role": TEXT, "opens": TIME, "closes": TIME}, rows)
