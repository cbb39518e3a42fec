"""An order laid out as the form that the parties sign: under which agreement, when, for what, and which terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tallystick.document.document import (
    Block,
    Cover,
    Document,
    ItemList,
    Kind,
    Row,
    Section,
    Strong,
    Subsection,
    Table,
    paragraph,
)
from tallystick.document.from_amendment import Pair, last_changed, measures, plain, signatures
from tallystick.document.from_model import Making, lettered, party_item, recitals
from tallystick.model.agreement import Agreement, Change, Order
from tallystick.prose.from_order import PARTIAL, coverage_sentence, covers_text, time_sentence
from tallystick.prose.phrases import NOT_SET, value_text
from tallystick.prose.quantity import date_text, listed


def from_order(before: Agreement, under: Agreement, *, draft: bool = False) -> Document:
    """The document of the order under which `under` stands as it does; `before` is the agreement without it."""
    order = under.order
    assert order is not None
    making = Making(replace(under, recitals=order.recitals), draft, frozenset())
    parties = list(under.parties.values())
    items = tuple(party_item(party, number, len(parties)) for number, party in enumerate(parties, 1))
    opening = paragraph(
        f"This {order.title}, order {order.id} (this “Order”), is made under the ",
        Strong((before.title,)),
        f", version {before.version}, which took effect on {date_text(before.effective)}{last_changed(before)} "
        "(the “Agreement”). It takes effect on ",
        Strong((date_text(order.effective),)),
        " (the “Order Date”) and is made between:",
    )
    articles = (
        ("What it covers, and when", _scope(order)),
        ("Terms", tuple(_terms(before, under, order))),
        ("Texts", tuple(_texts(before, under, order, draft))),
        ("What stays", (_stays(before, order),)),
    )
    sections = (
        Section(Kind.PARTIES, "", "Parties", "parties", (opening, ItemList(items))),
        *(plain(section) for section in recitals(making)),
        *_articles((title, blocks) for title, blocks in articles if blocks),
        signatures(under, "Order", draft=draft),
        *measures(before, under),
    )
    return Document(
        f"{order.title} under the {before.title}",
        order.version or before.version,
        date_text(order.effective),
        order.effective.isoformat(),
        draft,
        _cover(before, under, order),
        sections,
    )


def _articles(articles: Iterator[tuple[str, tuple[Subsection, ...]]]) -> Iterator[Section]:
    """Numbered as they come: an order without terms, or without texts, has no article of them."""
    for number, (title, blocks) in enumerate(articles, 1):
        own = tuple(
            replace(block, number=f"{number}.{place}", anchor=f"section-{number}-{place}")
            for place, block in enumerate(blocks, 1)
        )
        yield Section(Kind.ARTICLE, f"Article {number}", title, f"article-{number}", own)


def _cover(before: Agreement, under: Agreement, order: Order) -> Cover:
    parties = tuple(Row(((each.name,), (each.entity or "",), (each.called,))) for each in under.parties.values())
    ends = None if order.until is None else f"at the beginning of {date_text(order.until)}"
    facts = [
        ("Order", order.id),
        ("Under", before.title),
        ("Version of the Agreement", before.version),
        ("Order Date", date_text(order.effective)),
        ("Ends", ends),
        ("Covers", covers_text(order.covers)),
    ]
    rows = [Row(((key,), (value,))) for key, value in facts if value is not None]
    rows += [Row(((name,), (value,))) for name, _, value in _set(before, under, order)]
    return Cover(parties, Table((), tuple(rows)))


def _set(before: Agreement, under: Agreement, order: Order) -> list[tuple[str, str, str]]:
    """Each term that the order sets or adds: its title, its value in the agreement, its value under the order."""
    found = []
    for term in order.terms:
        old = before.terms.get(term.id)
        was = NOT_SET if old is None or not old.set else value_text(before, old)
        found.append((term.title, was, value_text(under, term)))
    return found


def _scope(order: Order) -> tuple[Subsection, ...]:
    return (
        Subsection("", "Time", None, (lettered([(paragraph(time_sentence(order)),), (paragraph(PARTIAL),)]),)),
        Subsection("", "What is covered", None, (paragraph(coverage_sentence(order)),)),
    )


def _terms(before: Agreement, under: Agreement, order: Order) -> Iterator[Subsection]:
    rows = _set(before, under, order)
    if rows:
        table = Table(
            ("Term", "In the Agreement", "Under this Order"),
            tuple(Row(((name,), (was,), (Strong((now,)),))) for name, was, now in rows),
        )
        yield Subsection("", "Terms that this Order sets", None, (table,))


def _texts(before: Agreement, under: Agreement, order: Order, draft: bool) -> Iterator[Subsection]:
    """What is added, replaced or struck, then what comes into effect, or reads otherwise, because of the terms."""
    changes = tuple(change for change in order.changes if change.what != "term")
    pair = Pair(before, under, changes, draft, "Text in the Agreement", "Text under this Order")
    yield from (plain(part) for part in pair.changes())


def _stays(before: Agreement, order: Order) -> Subsection:
    overrides = listed([_named(before, change) for change in order.overrides])
    sentences = (
        (
            "All else is as the Agreement provides, with its amendments. Words defined in the Agreement mean the same here, and "
            "numbers of Sections are those of the Agreement."
        ),
        (
            "What this Order says holds under this Order only: what it does not cover, and what is outside of its time, is "
            "judged by the Agreement. Breaches of a Section under this Order are counted, and credits capped, by themselves; "
            "what the Agreement provides for credits under all its Sections together limits them, too."
        ),
        *([f"In {overrides}, this Order overrides the Agreement, also where it asks less."] if overrides else []),
    )
    blocks: list[tuple[Block, ...]] = [(paragraph(each),) for each in sentences]
    return Subsection("", "What stays", None, (lettered(blocks),))


def _named(before: Agreement, change: Change) -> str:
    """What of the agreement a change is of: `the Floor`, `Section 2.1 (Uptime)`."""
    match change.what:
        case "term" if change.id in before.terms:
            return f"the {before.terms[change.id].title}"
        case "clause":
            clause = next((each for each in before.clauses if each.id == change.id), None)
            return change.id if clause is None else f"Section {clause.number} ({clause.title})"
        case "article":
            article = next((each for each in before.articles if each.id == change.id), None)
            return change.id if article is None else f"Article {article.number} ({article.title})"
        case _:
            return f"the {change.what} {change.id}".strip()
