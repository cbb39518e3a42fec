"""The `tally` command. Each command imports what it needs when it runs, so that help answers at once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

KEPT, FOUND, COULD_NOT_RUN = 0, 1, 2

DRAFT, SIGN, MEASURE, UNDERSTAND = "Draft", "Sign", "Measure", "Understand"

app = typer.Typer(
    name="tally",
    help="Contract as code for AI governance: one source, a paper to sign and rules that are checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


class Format(StrEnum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


Files = Annotated[list[Path], typer.Argument(help="Agreement sources (.msa).", show_default=False)]
Agreement = Annotated[Path, typer.Argument(help="An agreement source (.msa).", show_default=False)]
Rules = Annotated[Path, typer.Argument(help="An agreement source (.msa) or rules.json.", show_default=False)]
Paper = Annotated[Path, typer.Argument(help="A PDF that tally build made.", show_default=False)]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder of the data and its tally.toml; without it, data beside FILE.")
]
At = Annotated[
    str | None, typer.Option("--at", help="Only with the amendments and orders begun by this day, such as 2027-06-30.")
]
Without = Annotated[
    list[Path] | None,
    typer.Option(
        "--without", metavar="<path>", help="Leave this amendment or order beside the agreement aside; may be repeated."
    ),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Judge at this day or time, such as 2027-06-30; without it, now.")
]
EngineAddress = Annotated[
    str, typer.Option("--engine", help="duckdb, spark:local, spark://HOST:PORT or sc://HOST:PORT.")
]

OutputFolder = Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")]
PaperFormat = Annotated[Format, typer.Option(help="text or json (print it, and write nothing).")]
Style = Annotated[str, typer.Option("--style", help="House style: classic, modern, or a folder with style.toml.")]


@app.callback(invoke_without_command=True)
def start(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        from tallystick import __version__

        typer.echo(f"tally {__version__}")
        raise typer.Exit


@app.command(rich_help_panel=DRAFT)
def new(
    name: Annotated[str, typer.Argument(help="Folder to make.", show_default=False)],
    template: Annotated[
        str, typer.Option(help="ai-governance, uptime, cover-page, order-form or amendment.")
    ] = "ai-governance",
) -> None:
    """Start an agreement from a template, with data."""
    from tallystick.cli.new import new_agreement

    raise typer.Exit(new_agreement(Path(name), template))


@app.command(rich_help_panel=DRAFT)
def check(
    files: Files,
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
) -> None:
    """Report every mistake of a source at once."""
    from tallystick.cli.check import check_files

    raise typer.Exit(check_files(files, as_json=format is Format.JSON, strict=strict))


@app.command(rich_help_panel=DRAFT)
def fmt(
    files: Files,
    check: Annotated[bool, typer.Option("--check", help="Only say which files would change.")] = False,
) -> None:
    """Lay sources out in the one canonical way."""
    from tallystick.cli.fmt import format_files

    raise typer.Exit(format_files(files, only_check=check))


@app.command(rich_help_panel=DRAFT)
def build(
    file: Agreement,
    output: OutputFolder = Path("build"),
    draft: Annotated[bool, typer.Option("--draft", help="Show drafting notes, and mark every page.")] = False,
    part: Annotated[
        list[str] | None,
        typer.Option("--part", help="Only this schedule, such as metrics or playbook, by itself; may be repeated."),
    ] = None,
    style: Style = "classic",
    bare: Annotated[
        bool, typer.Option("--bare", help="Carry the sources without comments and drafting notes.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Build anew, and keep nothing, even if nothing has changed.")
    ] = False,
    at: At = None,
    without: Without = None,
) -> None:
    """Make the PDF, Word, HTML, Markdown and rules.json."""
    from tallystick.cli.build import build_file
    from tallystick.cli.console import Chosen

    raise typer.Exit(
        build_file(
            file, output, Chosen(at, tuple(without or ())), style, part or (), draft=draft, again=no_cache, bare=bare
        )
    )


@app.command(rich_help_panel=DRAFT)
def redline(
    old: Annotated[Path, typer.Argument(help="The earlier version (.msa).", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The later version (.msa).", show_default=False)],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File to write: .docx (tracked changes), .pdf, .html or .md.")
    ] = Path("changes.docx"),
    author: Annotated[str, typer.Option(help="Whose changes they are, as Word shows it.")] = "tallystick",
    date: Annotated[
        str | None, typer.Option(help="Day of the changes, such as 2027-06-30; without it, the later effective date.")
    ] = None,
    style: Style = "classic",
) -> None:
    """Show what changed between two versions, as tracked changes."""
    from tallystick.cli.redline import write_redline

    raise typer.Exit(write_redline(old, new, output, author, date, style))


@app.command("import-redline", rich_help_panel=DRAFT)
def import_redline(
    file: Annotated[Path, typer.Argument(help="A Word file that came back (.docx).", show_default=False)],
    source: Annotated[Path, typer.Option("--source", help="The agreement source that it was made from (.msa).")],
    patch: Annotated[
        Path | None, typer.Option("--patch", help="Write the changes of the source as a unified diff.")
    ] = None,
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.TEXT,
) -> None:
    """Turn what was changed in Word into changes of the source."""
    from tallystick.cli.import_redline import import_file

    raise typer.Exit(import_file(file, source, patch, as_json=format is Format.JSON))


@app.command("test", rich_help_panel=DRAFT)
def run_scenarios(
    files: Files,
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Change each number of the rules in turn; list what no scenario notices.")
    ] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write the results as JUnit XML, too.")] = None,
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.TEXT,
) -> None:
    """Run the scenarios: does each fact have its consequence?"""
    from tallystick.cli.test import run_files

    raise typer.Exit(run_files(files, junit, mutate=mutate, as_json=format is Format.JSON))


@app.command(rich_help_panel=DRAFT)
def style(
    name: Annotated[str | None, typer.Argument(help="A shipped house style; without it, they are listed.")] = None,
    folder: Annotated[Path | None, typer.Argument(help="Folder to make.")] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Copy templates, fonts and Word parts, too.")] = False,
) -> None:
    """Copy a house style, to change how the paper looks and reads."""
    from tallystick.cli.style import copy_style

    raise typer.Exit(copy_style(name, folder, whole=whole))


@app.command(rich_help_panel=SIGN)
def sign(
    file: Paper,
    party: Annotated[str, typer.Option("--as", help="The party that signs, by its name in the source.")],
    key: Annotated[Path, typer.Option("--p12", help="Key and certificate (PKCS #12).")],
    signatory: Annotated[
        int | None, typer.Option(help="Which of the party's signatories; without it, the next who has not signed.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="File with the passphrase; else TALLY_PASSPHRASE, else it is asked for.")
    ] = None,
    timestamp: Annotated[str | None, typer.Option(help="Address of a timestamping authority (RFC 3161).")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to write; without it, FILE.")] = None,
) -> None:
    """Sign a PDF that was built, in the field of a signatory."""
    from tallystick.cli.sign import sign_file

    raise typer.Exit(sign_file(file, party, key, signatory, passphrase_file, timestamp, output))


@app.command(rich_help_panel=SIGN)
def verify(
    file: Paper,
    rules: Annotated[Path | None, typer.Option(help="The rules.json of a machine: are they the signed ones?")] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="Certificates whose word is taken for who signed (PEM or DER).")
    ] = None,
    style: Annotated[
        str | None, typer.Option(help="A house style that you have looked at: does the paper use that one?")
    ] = None,
    original: Annotated[
        Path | None,
        typer.Option(
            help="The PDF that was built, if a signing service took out what it carried; or a notice, printed again."
        ),
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Pass a file that nobody has signed yet.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Analyse each revision with pyHanko, too; slow.")] = False,
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.TEXT,
) -> None:
    """Prove that paper, rules and signatures belong together."""
    from tallystick.cli.verify import verify_file

    as_json = format is Format.JSON
    raise typer.Exit(
        verify_file(file, rules, trust or [], style, original, unsigned=unsigned, deep=deep, as_json=as_json)
    )


@app.command(rich_help_panel=MEASURE)
def evaluate(
    file: Rules,
    data: DataFolder = None,
    as_of: AsOf = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the findings: .json, .csv or .parquet.")
    ] = None,
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.TEXT,
    all: Annotated[bool, typer.Option("--all", help="List every finding, also those that were met.")] = False,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="Folder of what is kept between evaluations, so that only new files are read."),
    ] = None,
    at: At = None,
    without: Without = None,
    engine: EngineAddress = "duckdb",
    findings_to: Annotated[
        str | None,
        typer.Option("--findings-to", help="Let Spark write all findings as Parquet, by month, to this place."),
    ] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", help="How much memory DuckDB may use, such as 500MB; more goes to disk.")
    ] = None,
) -> None:
    """Judge the rules on data: findings, credits, duties."""
    from tallystick.cli.console import Chosen
    from tallystick.cli.evaluate import evaluate_file

    chosen = Chosen(at, tuple(without or ()))
    as_json = format is Format.JSON
    raise typer.Exit(
        evaluate_file(
            file, data, as_of, output, findings_to, engine, chosen, state, memory, as_json=as_json, everything=all
        )
    )


@app.command(rich_help_panel=MEASURE)
def report(
    file: Agreement,
    month: Annotated[str, typer.Option("--month", help="The month to report on, such as 2027-03.")],
    data: DataFolder = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Judge at this day or time; without it, at the end of the month.")
    ] = None,
    output: OutputFolder = Path("build"),
    format: PaperFormat = Format.TEXT,
    style: Style = "classic",
    at: At = None,
    without: Without = None,
    engine: EngineAddress = "duckdb",
) -> None:
    """Write the compliance report of a month, with plots."""
    from tallystick.cli.console import Chosen
    from tallystick.cli.report import write_report

    chosen = Chosen(at, tuple(without or ()))
    as_json = format is Format.JSON
    raise typer.Exit(write_report(file, month, data, as_of, output, chosen, style, engine, as_json=as_json))


@app.command(rich_help_panel=MEASURE)
def notice(
    what: Annotated[
        str, typer.Argument(help="A breached finding, or a clause: each of its breaches.", show_default=False)
    ],
    file: Agreement,
    data: DataFolder = None,
    as_of: AsOf = None,
    sender: Annotated[
        str | None, typer.Option("--from", help="The party that gives notice; without it, the only other one.")
    ] = None,
    recipient: Annotated[
        str | None, typer.Option("--to", help="The party in breach; without it, the one that the sentence binds.")
    ] = None,
    output: OutputFolder = Path("build"),
    format: PaperFormat = Format.TEXT,
    style: Style = "classic",
    at: At = None,
    without: Without = None,
) -> None:
    """Write a notice of breach with its evidence."""
    from tallystick.cli.console import Chosen
    from tallystick.cli.notice import Between, write_notice

    chosen, between = Chosen(at, tuple(without or ())), Between(sender, recipient)
    raise typer.Exit(
        write_notice(what, file, data, as_of, between, output, chosen, style, as_json=format is Format.JSON)
    )


@app.command(rich_help_panel=UNDERSTAND)
def explain(
    what: Annotated[str, typer.Argument(help="A diagnostic code, a clause or a finding.", show_default=False)],
    file: Annotated[Path | None, typer.Argument(help="The agreement, or rules.json, for a clause or finding.")] = None,
    data: DataFolder = None,
    as_of: AsOf = None,
    engine: EngineAddress = "duckdb",
) -> None:
    """Explain an error code, a clause or a finding."""
    from tallystick.cli.explain import explain_it

    raise typer.Exit(explain_it(what, file, data, as_of, engine))


@app.command(rich_help_panel=UNDERSTAND)
def history(
    file: Agreement,
    what: Annotated[str | None, typer.Argument(help="Only this term, clause or rule.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Only what is in force on this day, such as 2027-06-30.")
    ] = None,
    without: Without = None,
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.TEXT,
) -> None:
    """Show which text of each term, clause and rule was in force when, and which amendment or order made it."""
    from tallystick.cli.console import Chosen
    from tallystick.cli.history import show_history

    chosen = Chosen(None, tuple(without or ()))
    raise typer.Exit(show_history(file, what, at, chosen, as_json=format is Format.JSON))


@app.command(rich_help_panel=UNDERSTAND)
def doctor(format: Annotated[Format, typer.Option(help="text or json.")] = Format.TEXT) -> None:
    """Say what this installation lacks, and how to install it here."""
    from tallystick.cli.doctor import print_symptoms

    raise typer.Exit(print_symptoms(as_json=format is Format.JSON))


@app.command(rich_help_panel=UNDERSTAND)
def schema() -> None:
    """Print the JSON schema of rules.json."""
    from tallystick.cli.schema import print_schema

    raise typer.Exit(print_schema())


def main() -> None:
    """The entry point of the command."""
    app(prog_name="tally")
