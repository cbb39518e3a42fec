"""The words of every diagnostic, once. `{fact}` is filled from the diagnostic; each code has a page in `docs/diagnostics/`."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.diagnostics.diagnostic import Diagnostic, Severity


@dataclass(frozen=True)
class Kind:
    """A kind of mistake: its title, one plain sentence about the place, and what to write instead."""

    code: str
    title: str
    says: str
    instead: str
    severity: Severity = Severity.ERROR


def _kinds(*kinds: Kind) -> dict[str, Kind]:
    return {kind.code: kind for kind in kinds}


WARNING = Severity.WARNING

CATALOGUE: dict[str, Kind] = _kinds(
    # --- T01: the text cannot be read as an agreement
    Kind("T0101", "Unexpected word", "Here stands “{found}”, where {expected} was expected.", "Write {expected}."),
    Kind("T0102", "Missing full stop", "This sentence has no full stop after “{after}”.", "End the sentence with a full stop."),
    Kind("T0103", "Missing closing brace", "This block is opened but never closed.", "Close the block with }} after its last sentence."),
    Kind("T0104", "Closing brace without an opening one", "This closing brace closes nothing.", "Remove the brace, or open the block it should close."),
    Kind("T0105", "Text without closing quotes", "This text has no closing quotes.", 'End a text with " on the same line; prose over several lines stands between triple quotes.'),
    Kind("T0106", "Character that does not belong", "“{found}” has no meaning here.", "Remove it, or put the text it belongs to in quotes."),
    Kind("T0107", "Too deep or too long", "Here the text goes beyond {limit}.", "Split the sentence, or close blocks and parentheses that were left open."),
    Kind("T0108", "Not UTF-8 text", "{file} is not text in UTF-8: byte {byte} cannot be read.", "Save the file with the encoding UTF-8."),
    Kind("T0109", "File cannot be read", "{file} cannot be read: {reason}.", "Check the name and that you may read the file."),
    Kind("T0110", "File too large", "{file} is longer than {limit}.", "Split the agreement."),
    Kind("T0111", "Missing opening brace", "This block has no opening brace after “{after}”.", "Write {{ after its heading and }} at its end."),
    Kind("T0112", "Not yet part of the language", "“{found}” belongs to a later version of the language.", "Leave it out, or say it in prose, until this program can check it."),
    Kind("T0113", "Not a sentence", "“{found}” does not begin a sentence or a declaration.", 'Begin with a party or role and must or may; prose stands between triple quotes ("""…""").'),
    Kind("T0114", "Empty text", "There is nothing between these quotes.", "Write the text, or remove what it belongs to."),
    Kind("T0115", "Full stop too many", "This full stop ends nothing.", "Remove it; prose and blocks take none."),
    Kind("T0120", "No such file", "There is no file {file}: it was looked for {looked}.", "{help}."),
    Kind("T0121", "Not a path to an agreement file", "“{path}” is not a relative path that ends in .msa.", 'Write a path from the folder of this file, with / between folders, such as "clauses/retention.msa".'),
    Kind("T0122", "Files in a circle", "This file leads back to itself: {circle}.", "Move what both need into a third file, and let both refer to that."),
    Kind("T0123", "Too many files", "The files that this agreement refers to go beyond {limit}.", "Bring clauses together in fewer or shorter files."),
    Kind("T0124", "File that cannot be used", "{file} cannot be read: {reason}.", "Name a file of text in UTF-8 that you may read."),
    # --- T02: names
    Kind("T0130", "Not part of the amendment", "In the file of an amendment or order this stands outside of it.", "Put it into the braces after the word add, or into another file."),
    Kind("T0131", "No agreement to amend", "{file} holds no agreement.", "Name the file of the agreement itself; amendments of amendments amend the agreement, too."),
    Kind("T0201", "Unknown name", "There is no {wanted} called “{name}”.", "Declare it{known}."),
    Kind("T0202", "Declared twice", "The {kind} “{name}” stands here a second time.", "Give it another name, or remove one of the two."),
    Kind("T0203", "Name of another kind", "“{name}” is {is_a}; here belongs {wanted}.", "Use the name of {wanted}."),
    Kind("T0204", "No agreement", "The file has no agreement block.", 'Begin with: agreement "Title" {{ version "1.0". effective 2027-01-01. timezone "UTC". }}'),
    Kind("T0205", "Unknown unit", "“{unit}” is not a unit.", "Use one of: {known}, or a currency code."),
    Kind("T0206", "Unknown timezone", "“{zone}” is not the name of a timezone.", "Use a name of the IANA time zone database, such as America/New_York or UTC."),
    Kind("T0207", "No such date", "There is no day {date}.", "Write year-month-day, such as 2027-02-28."),
    Kind("T0208", "Unknown currency", "“{unit}” is not a currency that tallystick knows.", "Use an ISO 4217 code such as USD or EUR."),
    Kind("T0209", "Name known to the language", "Every agreement knows “{name}” already.", "Remove the declaration, or choose another name."),
    Kind("T0210", "Unknown measure", "There is no measure called “{name}”.", "Use one of: {known}."),
    Kind("T0211", "Roles in a circle", "“{role}” cannot be above “{above}”, which is above it already.", "Remove one of the two."),
    Kind("T0212", "Agreement incomplete", "The agreement states no {missing}.", "Add a {missing} to the agreement block."),
    Kind("T0213", "Names that differ only in capitals", "“{name}” and “{other}” differ only in capitals.", "Spell it the same way everywhere, or choose another name."),
    Kind("T0214", "Name that every table has already", "“{name}” is the name of a column that the data has in any case.", "Choose another name for the dimension or attribute."),
    Kind("T0215", "Unknown calendar period", "“{name}” is not a period of the calendar.", "Use hour, day, week, month, quarter, year, fiscal quarter or fiscal year; other lengths are written as any 30 days."),
    Kind("T0218", "Class with two deadlines", "“{found}” stands twice in this table.", "Give each class one deadline; classes with the same one stand together, with a comma between them."),
    Kind("T0219", "Which of several events", "This sentence does not say which {event} belongs to which {trigger}.", "Say in what the two are the same, such as: matching incident_id."),
    Kind("T0220", "Not a deadline", "“{found}” is no deadline of {trigger}.", "Write a period with its event (5 business days of acceptance), a duration that {trigger} carries ({trigger}.agreed_time), or a term that is a date."),
    Kind("T0221", "Fiscal year without a beginning", "“{found}” needs to know when the fiscal year begins.", 'Say in the agreement block, such as: fiscal year begins "1 April".'),
    Kind("T0222", "Unclear beginning of the fiscal year", "“{found}” is not a day on which every fiscal year and quarter could begin.", 'Write a month, or a day that every month has, such as "April" or "6 April".'),
    Kind("T0223", "Nothing to count once", "“{found}” is not an event, and only events are counted once.", "Count an event, or leave the words out."),
    Kind("T0231", "Unknown holidays", "“{place}” is not a country, or a part of one, whose public holidays are known.", 'Use an ISO 3166 code, such as "US", "IL" or "US-NY".'),
    Kind("T0232", "Working time without a calendar", "“{found}” needs to know which days are business days.", 'Say in the agreement block whose holidays count, such as: business days "US". Or name a declared calendar, such as: {found} of support_desk.'),
    Kind("T0233", "Calendar without hours", "{which} states no business hours, which “{found}” counts.", 'Say them: business hours "Mon-Fri 09:00-17:00". in the agreement block, hours "Mon-Fri 09:00-17:00". in a calendar.'),
    Kind("T0234", "Working time that does not fit here", "“{found}” cannot be used here.", "Use plain time, such as 14 days; business days and hours are for deadlines, intervals, lead times and the age of an approval."),
    Kind("T0235", "Unclear hours", "“{found}” does not say at what hours work begins and ends.", 'Write weekdays and times that do not overlap, such as "Mon-Thu 09:00-17:00, Fri 09:00-13:00".'),
    Kind("T0236", "Calendar for plain time", "“{found}” does not count by a calendar.", "Write a number of business days or business hours, or leave the calendar out."),
    Kind("T0240", "Brought in twice", "The {kind} “{name}” comes from two files, or from one that is used twice, and is not the same.", 'Rename one, hand yours over as a parameter, or tell two uses apart: use "file.msa" as second.'),
    Kind("T0241", "Unknown parameter", "The used file has no parameter called “{name}”.", "Its parameters are: {known}."),
    Kind("T0242", "Parameter not set", "The used file requires “{name}” ({kind}), which is not set here.", "Write: with {{ {name} = …. }}"),
    Kind("T0243", "Parameter of another kind", "This is not what “{name}” stands for: {kind}.", "Give a value or a name of that kind: {kind}."),
    Kind("T0244", "In the wrong kind of file", "{reason}, so “{found}” cannot stand in this file.", "Put it into the agreement itself, or into a clause library."),
    Kind("T0245", "Optional term where a value is needed", "“{term}” has no value until it is set, and this cannot wait for it.", "Use it in the sentences of a clause, or give it a value."),
    Kind("T0246", "Unknown kind of value", "“{type}” is not a kind of value.", "Use one of: {known}, or a currency code."),
    Kind("T0247", "Nothing in the schedule", "The schedule “{schedule}” is empty.", "Write what belongs there, or remove it."),
    # --- T025: changes by amendments
    Kind("T0250", "Nothing to change", "There is no {kind} called “{name}” in the agreement.", "Name one that is there{known}."),
    Kind("T0251", "Changed after it was struck", "The {kind} “{name}” is no longer there: an earlier change took it away.", "Add the text anew under another name, or take back the earlier change."),
    Kind("T0252", "Changed twice from the same day", "The {kind} “{name}” is changed a second time from {day} on.", "Say both in one change, or let one of them take effect on another day."),
    Kind("T0253", "Change that changes nothing", "The term “{name}” has this value already.", "Write the new value, or remove the change."),
    Kind("T0254", "Reference to a text that was struck", "This refers to “{name}”, which an amendment took away.", "Let the amendment replace this text, too, or keep what it refers to."),
    Kind("T0255", "Amendment without a change", "Amendment No. {number} changes nothing.", "Write what it sets, replaces, strikes or adds."),
    # --- T03: numbers and units
    Kind("T0301", "Units that do not mix", "Here {left} is compared with {right}.", "Compare numbers of the same kind."),
    Kind("T0302", "Number where a percentage belongs", "A bare number is compared with a percentage.", "Write the percentage, such as 92%."),
    Kind("T0303", "Not a period", "“{found}” is not a period.", "Write a whole number of seconds, minutes, hours, days, weeks, months, quarters or years, such as 30 days, or the name of a term that is one."),
    Kind("T0304", "Period of no fixed length", "{period} has no fixed length that a measurement could be compared with.", "Write it in days, hours or a smaller unit."),
    Kind("T0305", "Not a number", "Here stands {found}, where a number belongs.", "Write a number with its unit, or a term that is one."),
    Kind("T0306", "Arithmetic that has no meaning", "{left} {operator} {right} has no meaning.", "Add and subtract only like with like; multiply and divide by plain numbers or percentages."),
    Kind("T0307", "Beyond 100%", "{found} is more than any share can be.", "Write a percentage of at most 100%."),
    Kind("T0308", "Period too long", "{found} is longer than a thousand years.", "Write a period of at most 1,000 years."),
    # --- T04: forms of a sentence
    Kind("T0401", "Not part of this measure", "The measure {function} does not take “{extra}”.", "Remove it; the language reference shows what each measure takes."),
    Kind("T0402", "Measure incomplete", "The measure {function} needs {needs}.", "Add it; the language reference shows what each measure takes."),
    Kind("T0403", "Data without a measure", "“{name}” is many samples; here belongs one number computed from them.", "Say which, such as mean(…), p95(…) or max(…)."),
    Kind("T0404", "Missing dimension", "“{name}” has no dimension called “{dimension}”.", "Add the dimension to its declaration (by …, {dimension}), or leave this out."),
    Kind("T0405", "Said twice", "“{qualifier}” stands twice in this sentence.", "Say it once."),
    Kind("T0406", "Condition that has no meaning", "This condition does not compare a dimension with a text or a number with a number.", 'Write for example: where severity is "critical", or where amount above USD 100.'),
    Kind("T0407", "Tiers out of order", "The tiers do not get stricter from one to the next.", "Use one comparison for all tiers (below or at most, above or at least), each threshold further than the one before."),
    Kind("T0408", "Not a literal", "The value of a term is written out; this is not.", "Write a number with its unit, a percentage, a sum of money, a period, a date or a text."),
    Kind("T0409", "Not a whole number", "“{found}” is not a whole number that makes sense here.", "Write a whole number, such as 3."),
    Kind("T0410", "No such percentile", "A percentile lies above 0 and at most at 100.", "Write for example percentile(latency, 99.9)."),
    Kind("T0411", "Wrong thing to measure", "Here belongs {wanted}.", "Name one that is declared."),
    Kind("T0412", "Not an amount of money", "A credit or cap is a sum of money; this is not.", "Write a sum (USD 5,000), a term, or a share of one (10% of monthly_fee)."),
    Kind("T0413", "Not part of this sentence", "This form of sentence does not take “{qualifier}”.", "Remove it; a condition on a measure stands inside its parentheses."),
    Kind("T0414", "Share of cases unclear", "A share of cases is at least, or above, a percentage.", "Write for example: in at least 95% of cases over each month."),
    Kind("T0415", "Nothing to watch at all times", "At all times, each sample of a metric is compared; this is not a metric.", "Write the metric itself, such as latency at most 2 seconds at all times."),
    Kind("T0416", "Count unclear", "“{found}” does not fit here.", "A duty is at least, at most or exactly so many times; a permission (may) at most."),
    Kind("T0417", "Too many places", "Samples are read to at most 9 decimal places, and only metrics have them.", "Write places with a number from 0 to 9, in a metric."),
    Kind("T0418", "Nothing it could apply to", "There is no rule in this clause that this could apply to.", "Put it into the clause of the rule, or add a rule."),
    Kind("T0419", "Exception with two meanings", "This condition means different things for the rules of this clause.", "Put the rules into clauses of their own, each with its exception."),
    Kind("T0430", "Too short a period", "“{found}” is shorter than a day, and this sentence goes by days.", "Use days, weeks, months, quarters or years."),
    Kind("T0431", "Remedy that nothing leads to", "No rule here could lead to {remedy}, which needs {needs}.", "Put it into the clause of such a rule, or use another remedy."),
    # --- T048: consequences of what happens
    Kind("T0480", "Nothing is breached here", "This counts, measures or cures breaches, and here something merely happens.", "Put it into on breach, or into the on breach of a duty that stands here."),
    Kind("T0481", "Block without an end", "Nothing would ever end this block of “{event}”.", "Say how long it lasts, such as: block {event} for 30 days."),
    Kind("T0482", "Event that lasts", "“{event}” is an event, which happens at an instant and does not last.", "Leave lasting out, or name a record."),
    Kind("T0483", "Interest left open", "The interest does not say {missing}.", "Say it: {choices}."),
    Kind("T0484", "Interest that cannot be computed", "{found} {why}.", "Interest is a percentage per year, month or day on a sum of money, from a breach until it is made good."),
    Kind("T0485", "Refund left open", "The refund is prorated by {by}, and does not say over which period.", "Say what the sum was paid for: over the term, over each month (quarter, year), or over each 12 months from the start of the agreement."),
    Kind("T0486", "Months that do not divide it", "“{found}” is no number of whole months.", "Prorate by day, or over a period of months, quarters or years."),
    Kind("T0487", "Term without an end", "The agreement has no term that ends, over which something could be prorated.", "State a term that does not renew, or prorate over each month, or over each 12 months."),
    Kind("T0488", "Nobody to notify", "There is no role of any party but {party} that could be notified of a breach.", "Declare a role of the other party, or leave out each notified."),
    Kind("T0489", "Not known of this", "“{word}” is not known here.", "Value and shortfall stand where each sentence of the clause compares what it measures with one limit, all of one kind; delay, where something was due."),
    Kind("T0490", "Charges of no period", "It is left open over which period “{charge}” goes; a cap has a time of its own.", "Write “{instead}” in a credit, and the sum alone in a cap."),
    Kind("T0491", "Not what was charged", "What was charged is the sum of a metric, or of a number of an event, in a currency; this is not.", "Write sum(fees), or sum(invoice.amount)."),
    # --- T044: derived data
    Kind("T0440", "Empty intervals left open", "“{name}” does not say what an interval without data counts as.", "Write, before the full stop, empty counts as 0%, or empty is missing."),
    Kind("T0441", "Interval that does not fit a day", "{found} does not divide a day into equal intervals of whole minutes.", "Write minutes or hours that divide a day, such as 5 minutes or 6 hours, or whole days."),
    Kind("T0442", "Not something to derive from", "{found} cannot be derived from: {why}.", "Use a measure of data that is given."),
    Kind("T0443", "Derived record without its intervals", "“{found}” does not fit a record that is derived from {what}.", "Write a measure with its interval, such as count(incident) above 5 each 1 hour, or a derived metric without one."),
    Kind("T0444", "Columns that derived data cannot have", "{found} has exactly the dimensions of {what}, and no numbers.", "Write by {dimensions} and no with …, or leave both out where there are none."),
    Kind("T0445", "Derived data that is given", "“{name}” is derived from other data, and cannot be given.", "Give the data that it is derived from."),
    # --- T045: persons
    Kind("T0450", "Persons that are not named", "“{name}” does not say which person acts, so that nobody can be told from another.", "Declare “{name}” with the dimension person, or leave these words out."),
    Kind("T0451", "Different persons for one role", "With one role there are no two persons who could differ.", "Name two roles, or write other than the performer."),
    Kind("T0452", "Person of a notice", "The person of a notice is the one who is told, and need not be the person of the event.", "Leave person out after matching, and give the person of the event a dimension of its own, such as data_subject."),
    Kind("T0453", "Waiver by the one who is bound", "“{role}” is a role of “{party}”, which a sentence of this clause binds, and nobody waives an own breach.", "Name a role of the other party."),
    # --- T046: statistics
    Kind("T0460", "No such confidence", "“{found}” is no level of confidence.", "Write a percentage from 50% to 99.99%, such as with 95% confidence."),
    Kind("T0461", "Nothing to be sure about", "No confidence interval is defined for “{found}”.", "Write a mean, a share of samples, or a count divided by a count that it is part of."),
    Kind("T0462", "Confidence without a limit", "A confidence interval lies on one side of a fixed limit or it does not; “{found}” is no such limit.", "Compare with a value or a term, by at least, at most, above or below."),
    Kind("T0463", "Unknown method", "“{found}” is not a way to measure drift.", "Write by psi (the population stability index) or by ks (the Kolmogorov–Smirnov distance)."),
    Kind("T0464", "Reference time without a day", "From {first} until {until} there is no day.", "Write the first day, and the day after the last."),
    Kind("T0465", "Samples of what is not compared", "The sentence does not compare across “{name}”.", "Leave out for each …, or name the dimension after across in a gap or ratio."),
    # --- T05: the agreement as a whole
    Kind("T0501", "Clause that is not measured", "The clause “{clause}” has no rule that measures it.", 'Add a sentence that can be measured, or say why there is none: narrative "reason".'),
    Kind("T0502", "Not a reference", "{found} is not a reference.", "Write the name of a term, party, role or definition, or @ and the name of a clause, between the braces."),
    Kind("T0503", "Narrative clause with a rule", "The clause “{clause}” says that it is not measured, and has a rule.", "Remove the word narrative and its reason, or move the rule to another clause."),
    Kind("T0504", "Number in prose", "The number {found} stands in prose, where no rule checks it.", "Make it a term and print its name, or say it in a rule.", WARNING),
    Kind("T0505", "Own wording leaves something out", "This wording does not cite {missing}.", "Cite every measurable part of the sentence: {parts}."),
    Kind("T0506", "Own wording cites what is not there", "The sentence has no part called “{part}”.", "Use only: {parts}."),
    Kind("T0507", "Never used", "The {kind} “{name}” is declared and never used.", "Use it, or remove the declaration.", WARNING),
    Kind("T0508", "Stage without a clause", "No clause covers the lifecycle stage “{stage}”.", "Add “stage {stage}.” to the clause that covers it, or remove the stage.", WARNING),
    Kind("T0509", "Breach without a credit", "A breach with a value {hole} earns no credit: the first tier is {first}, the rule {threshold}.", "Begin the first tier where the rule is breached.", WARNING),
    Kind("T0510", "Nothing in the clause", "The clause “{clause}” is empty.", "Write its text, or remove it."),
    Kind("T0511", "Currency of the agreement", "{found} is not the currency of the agreement, {currency}.", "Use one currency for credits and caps."),
    Kind("T0512", "Credit that can never be due", "This tier can never apply to a breach of the rule: {tier} does not breach {rule}.", "Use tiers on the side where the rule is breached.", WARNING),
    Kind("T0520", "Amendment without its day", "Amendment No. {number} does not say from when on it is in force.", "Add the day, such as: effective 2027-06-01."),
    Kind("T0521", "Amendment outside of the agreement", "On {day} the agreement is not in effect yet, has just begun, or has ended.", "Let the amendment take effect on a day after the agreement's first and before its end."),
    Kind("T0522", "Two amendments of one number", "There are two amendments No. {number}.", "Number the amendments in the order in which they were agreed."),
    Kind("T0523", "Amendment missing", "Amendment No. {number} stands here, and there is no No. {missing} before it.", "Put the missing amendment beside the agreement, or number the amendments from 1 without a hole."),
    Kind("T0524", "Amendments that run backwards", "Amendment No. {number} takes effect on {day}, before the one that precedes it.", "Number the amendments in the order of their effective dates."),
    Kind("T0540", "Months that end on no day", "{period} from {effective} would end on a day that its month lacks: {end} and the day after are both meant by some.", "Let the agreement take effect on a day that every month has, or state the term in days."),
    # --- T092: clocks that stop
    Kind("T0920", "Clock that cannot stop", "“{found}” is counted by the calendar, so that no hours of it can be left out while “{record}” lasts.", "Write hours, business hours or days (each then 24 hours), such as 72 hours or 30 days."),
    Kind("T0921", "One clock of two", "Of two deadlines, this does not say which stands still while “{record}” lasts.", "Leave the other deadline out, or write a sentence of its own for it."),
    Kind("T0922", "Two beginnings of the first interval", "“{found}” is a second word on when the first interval begins.", "Say it once: from an event for good, during a record, or after one event until another."),
    Kind("T0923", "Derived data after the end", "“{clause}” survives the agreement, and “{name}” is derived data, which ends with it.", "Measure what “{name}” is derived from, or put the sentence into a clause that does not survive."),
    # --- T06: scenarios
    Kind("T0601", "Scenario that expects nothing", "The scenario “{scenario}” expects nothing, so it cannot fail.", 'Say what must come out, such as: expect accuracy_floor breached for model "credit".'),
    Kind("T0602", "Scenario without its day", "The scenario “{scenario}” does not say once at which day it is judged.", "Add one such line: as of 2027-04-02."),
    Kind("T0603", "Fact not given outright", "What is given is a fact; “{found}” leaves it open.", 'Give each dimension one text: where model is "credit" and environment is "production".'),
    Kind("T0604", "Fact with a gap", "A row of “{name}” has no {missing} here.", "Give it: a dimension after where, a number of an event or record after with."),
    Kind("T0605", "Scenario too large", "The scenario gives more than {limit} rows.", "Show the same with fewer rows, or evaluate a folder of data."),
    Kind("T0606", "No such time", "There is no time of day {time}.", "Write hours and minutes, such as 09:30, up to 23:59:59."),
    Kind("T0607", "End before the beginning", "What is given ends before it begins.", "Write the earlier time after from, and the later one after until."),
    Kind("T0608", "No such duty", "No breach gives rise to a duty to {duty} here.", "Name a duty that stands in on breach, and after under the rule or clause that it belongs to."),
    Kind("T0610", "No such block", "No breach blocks “{event}” here.", "Name an event that a block in on breach names, and after under the rule or clause that the block belongs to."),
    Kind("T0611", "Waiver that is not orphaned", "“{clause}” has a rule, so that a waiver of it is never orphaned.", "Expect it in force, expired or not entitled, or name what has no rule."),
    Kind("T0612", "No such right", "No consequence gives “{holder}” a right to perform “{event}”.", "Name who may do what, as the contract says it."),
    # --- T09: orders under an agreement
    Kind("T0900", "Order without its day", "The order {order} does not say from when on it is in force.", "Add the day, such as: effective 2027-06-01."),
    Kind("T0901", "Two orders of one name", "There are two orders called {order}.", "Give each order a name of its own."),
    Kind("T0902", "Order outside of the agreement", "On {day} the agreement does not apply to the order {order} yet, or no longer.", "Let the order begin and end within the life of the agreement, or amend the agreement."),
    Kind("T0903", "Order that ends before it begins", "The order {order} ends on {day}, before it applies to a single day.", "Write a later day: the first one on which the order no longer applies."),
    Kind("T0904", "Two ends of one order", "The order {order} states both how long it lasts and until when.", "Say one of the two."),
    Kind("T0905", "Order that says nothing", "The order {order} sets, adds, replaces and strikes nothing.", "Write what it sets, such as: set monthly_fee = USD 40,000."),
    Kind("T0906", "Covered and not covered in one", "{what} reads otherwise under the order {order}, and does not tell one {dimensions} from another.", "Let the sentence judge each by itself (per {dimensions}), give its data that dimension, or let the order cover everything."),
    Kind("T0907", "Unclear what the order covers", "“{found}” does not name what is covered one by one.", 'Write the values of a dimension, such as: covers where model in ("a", "b"). Several dimensions are joined with and.'),
    Kind("T0908", "Orders that conflict", "{order} and {other} cover the same at the same time, and {what} reads otherwise under each: {part}, {before} under {other}, {after} under {order}.", "Let one end before the other begins, let them cover different things, or let the agreement say which goes first (order of precedence)."),
    Kind("T0909", "Different data of one name", "“{name}” is declared by {order}, and otherwise by {other}.", "Give one of them another name, or declare it in the agreement."),
    Kind("T0910", "Order that loosens", "{order} loosens {what}: {part}, {before} in the agreement, {after} in the order.", "Write overriding before the change if the parties want that, or a stricter value."),
    Kind("T0911", "Cannot be told whether it loosens", "{order} changes {what}: {part}, {before} in the agreement, {after} in the order.", "Write overriding before the change if it may ask less than the agreement, or change only what can be compared."),
    Kind("T0912", "The agreement goes first", "{what} stays as it is: {part} would be {after} under {order}, and the agreement ({before}) goes first by the order of precedence.", "Remove the change, or let orders go before the agreement.", WARNING),
    Kind("T0913", "Overrides nothing", "This change of {order} loosens nothing in the agreement.", "Leave out the word overriding.", WARNING),
    Kind("T0914", "Unknown in the order of precedence", "“{found}” is neither orders, agreement nor schedules, and no order or schedule is called so.", "Use one of: {known}."),
    Kind("T0915", "Not a name for an order", "“{order}” cannot be part of the names of rules.", "Use letters, digits, points, hyphens and underscores, a letter among them, such as OF-2027-1."),
    Kind("T0916", "Not for an order to change", "{order} changes how long the agreement lasts, or its governing law.", "Say how long the order itself lasts (term 12 months.), or amend the agreement."),
)  # fmt: skip


def message(diagnostic: Diagnostic) -> str:
    """The one plain sentence of a diagnostic."""
    return CATALOGUE[diagnostic.code].says.format_map(diagnostic.facts)


def hint(diagnostic: Diagnostic) -> str:
    """What to write instead, for this very place where that is known."""
    if diagnostic.instead:
        return f"Did you mean “{diagnostic.instead}”?"
    return CATALOGUE[diagnostic.code].instead.format_map(diagnostic.facts)


def severity(diagnostic: Diagnostic) -> Severity:
    """Whether the mistake stops compilation."""
    return CATALOGUE[diagnostic.code].severity
