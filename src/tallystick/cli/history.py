"""`tally history`: which text was in force when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from tallystick.cli.console import Chosen, compiled_or_none, day_or_none, fail, out
from tallystick.cli.main import COULD_NOT_RUN, FOUND, KEPT
from tallystick.compilation import Compiled
from tallystick.history import Held, history
from tallystick.prose.from_order import covers_text
from tallystick.prose.quantity import date_text


def show_history(file: Path, what: str | None, at: str | None, chosen: Chosen, *, as_json: bool) -> int:
    """Print every text. Exit code: 0 shown, 1 the source has errors, 2 no such name, day or file."""
    day = None if at is None else day_or_none(at)
    if at is not None and day is None:
        return COULD_NOT_RUN
    if not file.is_file():
        fail(f"{file}: there is no such file.")
        return COULD_NOT_RUN
    compiled = compiled_or_none(file, chosen=chosen)
    if compiled is None:
        return FOUND
    everything = history(compiled.versions, compiled.orders)
    held = [item for item in everything if what in (None, item.id) and (day is None or item.holds(day))]
    if what is not None and not any(item.id == what for item in everything):
        close = get_close_matches(what, sorted({item.id for item in everything}), 1)
        fail(f"No term, clause or rule is called “{what}”." + (f" Did you mean {close[0]}?" if close else ""))
        return COULD_NOT_RUN
    if as_json:
        out.file.write(json.dumps(_json(compiled, held), indent=2, ensure_ascii=False) + "\n")
    else:
        _show(compiled, held, day)
    return KEPT


def _json(compiled: Compiled, held: Sequence[Held]) -> dict[str, Any]:
    agreement = compiled.agreement
    return {
        "agreement": agreement.title,
        "version": agreement.version,
        "tally": compiled.tally,
        "amendments": [
            {
                "number": each.number,
                "effective": each.effective.isoformat(),
                "place": repr(each.span),
                "changes": [
                    {"act": change.act.value, "kind": change.what, "id": change.id, "place": repr(change.span)}
                    for change in each.changes
                ],
            }
            for each in agreement.amendments
        ],
        "orders": [
            {
                "id": each.id,
                "title": each.title,
                "effective": each.effective.isoformat(),
                "until": each.until and each.until.isoformat(),
                "covers": {covered.dimension: list(covered.values) for covered in each.covers},
                "place": repr(each.span),
            }
            for each in agreement.orders
        ],
        "texts": [
            {
                "kind": item.kind,
                "id": item.id,
                "title": item.title,
                "number": item.number or None,
                "effective": item.effective.isoformat(),
                "until": item.until and item.until.isoformat(),
                "amendment": item.amendment,
                "order": item.order,
                "place": repr(item.place),
                "text": item.text,
            }
            for item in held
        ],
    }


def _show(compiled: Compiled, held: Sequence[Held], at: date | None) -> None:
    agreement = compiled.agreement
    out.print(f"{agreement.title}, version {agreement.version}", style="bold")
    for each in agreement.amendments:
        out.print(f"Amendment No. {each.number}, in force from {date_text(each.effective)} ({each.span!r})")
    for order in agreement.orders:
        until = "" if order.until is None else f" until {date_text(order.until)}"
        covers = covers_text(order.covers)
        out.print(f"Order {order.id}, in force from {date_text(order.effective)}{until}, for {covers} ({order.span!r})")
    if not agreement.amendments and not agreement.orders:
        out.print("No amendment is known: every text is the one that was signed.")
    title = "Texts" if at is None else f"Texts in force on {date_text(at)}"
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=SIMPLE, pad_edge=False)
    for column in ("kind", "name", "from", "until", "by", "place", "text"):
        table.add_column(column, overflow="fold", no_wrap=column in ("kind", "from", "until", "by"))
    for item in held:
        name = f"{item.number} {item.id}".strip()
        by = "" if item.amendment is None else f"No. {item.amendment}"
        by = by if item.order is None else f"under {item.order}"
        until = "" if item.until is None else item.until.isoformat()
        place = f"{Path(item.place.source.name).name}:{item.place.line}"
        table.add_row(item.kind, name, item.effective.isoformat(), until, by, place, item.text)
    out.print(table)
