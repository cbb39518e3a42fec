"""An amendment laid out as the paper that the parties sign: each change in words, with the text until then and from then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, assert_never

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
from tallystick.document.from_model import (
    Making,
    amendment_name,
    article_section,
    clause_section,
    head_text,
    lettered,
    party_item,
    recitals,
    remedy_list,
    signature_lines,
)
from tallystick.document.references import known_anchors
from tallystick.document.schedules import added_measures
from tallystick.model.agreement import Act, Agreement, Article, Change, Clause, Party
from tallystick.prose.from_remedy import OF_ALL
from tallystick.prose.manner import manner
from tallystick.prose.phrases import value_text
from tallystick.prose.quantity import date_text
from tallystick.prose.sentence import Link


def from_amendment(before: Agreement, after: Agreement, *, draft: bool = False) -> Document:
    """The document of the last amendment of `after`, which it makes of `before`."""
    amendment, day = after.amendments[-1], date_text(after.amendments[-1].effective)
    pair = Pair(before, after, amendment.changes, draft, "Text until then", "Text from then")
    changes = [plain(replace(part, number=f"1.{number}")) for number, part in enumerate(pair.changes(), 1)]
    own = replace(after, recitals=amendment.recitals)
    making = Making(own, draft, frozenset())
    parties = list(after.parties.values())
    items = tuple(party_item(party, number, len(parties)) for number, party in enumerate(parties, 1))
    name = f"{amendment_name(amendment)} to the {before.title}"
    opening = paragraph(
        f"This {amendment_name(amendment)} (this “Amendment”) changes the ",
        Strong((before.title,)),
        f", version {before.version}, which took effect on {date_text(before.effective)}{last_changed(before)} "
        "(the “Agreement”). It takes effect on ",
        Strong((day,)),
        " (the “Amendment Date”) and is made between:",
    )
    sections = (
        Section(Kind.PARTIES, "", "Parties", "parties", (opening, ItemList(items))),
        *(plain(section) for section in recitals(making)),
        Section(Kind.ARTICLE, "Article 1", "Changes", "changes", tuple(changes)),
        Section(Kind.ARTICLE, "Article 2", "What stays", "what-stays", (_stays(),)),
        signatures(after, "Amendment", draft=draft),
        *measures(before, after),
    )
    rows = (
        ("Amends", before.title),
        ("Version", before.version),
        ("Number", str(amendment.number)),
        ("Amendment Date", day),
    )
    cover = Cover(
        tuple(Row(((each.name,), (each.entity or "",), (each.called,))) for each in parties),
        Table((), tuple(Row(((key,), (value,))) for key, value in rows)),
    )
    return Document(name, before.version, day, amendment.effective.isoformat(), draft, cover, sections)


def last_changed(before: Agreement) -> str:
    """That an earlier amendment changed the agreement, if one did."""
    if not before.amendments:
        return ""
    return f" and was last changed by {amendment_name(before.amendments[-1])}"


def _stays() -> Subsection:
    counts = (
        "The text in force at the time is the text that counts: what happened before the Amendment Date is judged by the "
        "text until then. Periods and intervals of a requirement whose text changes end, and begin anew, at the beginning "
        "of the Amendment Date."
    )
    sentences = (
        "All else in the Agreement stays as it is. Words defined in the Agreement mean the same here.",
        counts,
        "A deadline that is running on the Amendment Date stays as it was, and so does what follows from missing it.",
    )
    listed = lettered((paragraph(each),) for each in sentences)
    return Subsection("2.1", "What stays", "what-stays-1", (listed,))


def signatures(agreement: Agreement, instrument: str, *, draft: bool) -> Section:
    """Where the parties sign an amendment or order."""
    opening = paragraph(
        f"The parties sign this {instrument} through their {manner().spelled('authorised')} signatories. It may be signed in counterparts, "
        "which together are one instrument."
    )
    lines = (line for party in agreement.parties.values() for line in signature_lines(party, to_sign=not draft))
    return Section(Kind.SIGNATURES, "", "Signatures", "signatures", (opening, *lines))


def measures(before: Agreement, after: Agreement) -> Iterator[Section]:
    """The schedule of what an amendment or order newly measures, if it does."""
    content = added_measures(before, after, Making(after, False, known_anchors(after)).inlines)
    if content:
        yield Section(Kind.SCHEDULE, "Schedule 1", "Metrics and measures", "schedule-metrics", plain(content))


# --- the changes ---------------------------------------------------------------------------------------------


class Pair:
    """The agreement without changes and with them; `was` and `reads` stand over its two texts."""

    def __init__(
        self, before: Agreement, after: Agreement, changes: tuple[Change, ...], draft: bool, was: str, reads: str
    ) -> None:
        self.before = Making(before, draft, known_anchors(before))
        self.after = Making(after, draft, known_anchors(after))
        self.made, self.was, self.reads = changes, was, reads
        self.old = {clause.id: clause for clause in before.clauses}
        self.new = {clause.id: clause for clause in after.clauses}

    def changes(self) -> Iterator[Subsection]:
        """Each change, and then the texts that read otherwise because of one."""
        for change in self.made:
            yield self._change(change)
        for clause in self.new.values():
            old = self.old.get(clause.id)
            if old is not None and not self._named(clause.id) and self._reads_otherwise(old, clause):
                says = f"So Section {clause.number} ({clause.title}) reads otherwise:"
                yield Subsection("", clause.title, None, (paragraph(says), *self._texts(old, clause)))

    def _named(self, clause: str) -> bool:
        """Whether a change shows the clause already: it, one that it stands in, or its article is changed."""
        changed = {change.id for change in self.made if change.what in ("clause", "article")}
        return any(clause in _ids_in(holder) for holder in self._holders() if holder.id in changed)

    def _holders(self) -> Iterator[Clause | Article]:
        for agreement in (self.before.agreement, self.after.agreement):
            yield from agreement.articles
            yield from agreement.clauses

    def _reads_otherwise(self, old: Clause, new: Clause) -> bool:
        bare_old, bare_new = replace(old, clauses=()), replace(new, clauses=())
        was, reads = clause_section(self.before, bare_old), clause_section(self.after, bare_new)
        return bool(plain(was.blocks) != plain(reads.blocks))

    def _change(self, change: Change) -> Subsection:
        match change.what:
            case "clause":
                return self._of_clause(change)
            case "article":
                return self._of_article(change)
            case "term":
                return self._of_term(change)
            case "consequences":
                return self._of_consequences()
            case "head":
                return self._of_head(change)
            case "party":
                return self._of_party(change)
            case _:
                return self._of_declaration(change)

    def _of_clause(self, change: Change) -> Subsection:
        old, new = self.old.get(change.id), self.new[change.id]
        named = f"Section {new.number} ({new.title})"
        where = "" if change.after is None else f" after {self._place(change.after)}"
        return self._shown(change, new.title, named, where, self._texts(old, None if new.omitted else new))

    def _place(self, name: str) -> str:
        clause = self.new.get(name)
        if clause is not None:
            return f"Section {clause.number}"
        article = next(each for each in self.after.agreement.articles if each.id == name)
        return f"the other Sections of Article {article.number}"

    def _of_article(self, change: Change) -> Subsection:
        old = next((each for each in self.before.agreement.articles if each.id == change.id), None)
        new = next(each for each in self.after.agreement.articles if each.id == change.id)
        texts: list[Block] = []
        if old is not None:
            texts.append(Subsection("", self.was, None, article_section(self.before, old).blocks))
        if not new.omitted:
            texts.append(Subsection("", self.reads, None, article_section(self.after, new).blocks))
        return self._shown(change, new.title, f"Article {new.number} ({new.title})", "", tuple(texts))

    def _texts(self, old: Clause | None, new: Clause | None) -> tuple[Block, ...]:
        was = () if old is None else (Subsection("", self.was, None, clause_section(self.before, old).blocks),)
        reads = () if new is None else (Subsection("", self.reads, None, clause_section(self.after, new).blocks),)
        return (*was, *reads)

    def _shown(self, change: Change, title: str, named: str, where: str, texts: tuple[Block, ...]) -> Subsection:
        match change.act:
            case Act.REPLACE | Act.SET:
                says = f"{named} is replaced."
            case Act.STRIKE:
                says = f"{named} is struck. Its number is left out intentionally, so that no other number changes."
            case Act.ADD:
                says = f"{named} is added{where}."
            case _:
                assert_never(change.act)
        return Subsection("", title, None, (paragraph(says), *texts))

    def _of_term(self, change: Change) -> Subsection:
        old, new = self.before.agreement.terms.get(change.id), self.after.agreement.terms[change.id]
        value = value_text(self.after.agreement, new)
        if old is None:
            says = paragraph(f"The term “{new.title}” is added. It means {value}.")
        else:
            was = value_text(self.before.agreement, old)
            says = paragraph(f"“{new.title}” means ", Strong((value,)), f" in place of {was}.")
        return Subsection("", new.title, None, (says,))

    def _of_head(self, change: Change) -> Subsection:
        name = "The term of the Agreement" if change.id == "term" else "The governing law"
        was, now = (head_text(making.agreement, change.id) or "not stated" for making in (self.before, self.after))
        return Subsection("", name, None, (paragraph(f"{name} is ", Strong((now,)), f" in place of {was}."),))

    def _of_party(self, change: Change) -> Subsection:
        old, new = (making.agreement.parties[change.id] for making in (self.before, self.after))
        rows = tuple(
            Row(((name,), (was,), (Strong((now,)) if was != now else now,)))
            for (name, was), (_, now) in zip(_party_facts(old), _party_facts(new), strict=True)
            if was or now
        )
        table = Table(("", self.was, self.reads), rows)
        return Subsection("", new.called, None, (paragraph(f"What is said of {old.called} is replaced."), table))

    def _of_declaration(self, change: Change) -> Subsection:
        after = self.after.agreement
        kinds: dict[str, Any] = {
            "metric": after.metrics, "event": after.events, "record": after.records, "role": after.roles,
            "definition": after.definitions, "standard": after.standards, "calendar": after.calendars,
            "schedule": {each.id: each for each in after.schedules},
        }  # fmt: skip
        found = kinds[change.what][change.id]
        act = "replaced" if change.act is Act.REPLACE else "added"
        if change.what != "definition":
            heading = found.title[:1].upper() + found.title[1:]
            return Subsection("", heading, None, (paragraph(f"The {change.what} “{found.title}” is {act}."),))
        was = self.before.agreement.definitions.get(change.id)
        texts = () if was is None else (Subsection("", self.was, None, self.before.blocks(was.means)),)
        new = Subsection("", self.reads, None, self.after.blocks(found.means))
        return Subsection(
            "", found.title, None, (paragraph(f"The definition of “{found.title}” is {act}."), *texts, new)
        )

    def _of_consequences(self) -> Subsection:
        old, after = self.before.agreement.remedies, self.after.agreement
        new = tuple(remedy for remedy in after.remedies if remedy not in old)
        says = paragraph("For a breach of any Section of the Agreement, besides what it provides, this is added:")
        return Subsection("", "Remedies under every Section", None, (says, remedy_list(after, new, OF_ALL)))


def _party_facts(party: Party) -> tuple[tuple[str, str], ...]:
    signs = "; ".join(", ".join(each for each in signatory if each) for signatory in party.signatories)
    return (
        ("Name", party.name),
        ("Called", party.called),
        ("Entity", party.entity or ""),
        ("Address", party.address or ""),
        ("Notices", party.notices or ""),
        ("Signs", signs),
    )


def _ids_in(holder: Clause | Article) -> set[str]:
    return {holder.id, *(name for inner in holder.clauses for name in _ids_in(inner))}


def plain(value: Any) -> Any:
    """The same without links and anchors: what they lead to stands in the agreement, not here."""
    if isinstance(value, Link):
        return value.text
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        kept = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        if isinstance(value, Section):
            return replace(value, **kept)
        return replace(value, **{**kept, **({"anchor": None} if "anchor" in kept else {})})
    return value
