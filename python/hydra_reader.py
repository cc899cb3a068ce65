#!/usr/bin/env python3
"""An independent reader of Hydra files, written from docs/FORMAT.md and docs/VALUES.md alone.

It uses only the standard library of Python 3.11, shares no code with the Rust library, and prefers simple code to
speed. Columns that are compressed with zstd need Python 3.14 or the module zstandard. Every rule that it checks names
its section.

    hydra_reader.py cat FILE [--table NAME] [-f ndjson|json]   records as text
    hydra_reader.py inspect FILE                               header, commit, tables, schemas, metadata
    hydra_reader.py check FILE                                 check every rule and list all findings
    hydra_reader.py golden DIR [--write]                       compare each NAME.hydra with its twins, NAME.TABLE.ndjson
    hydra_reader.py invalid DIR                                compare each NAME.hydra with its twin, NAME.json

Exit codes: 0 success, 1 failure (or the file is unsupported), 2 wrong usage, 4 the file is damaged or a golden file
differs.
"""
import argparse
import json
import os
import sys
from pathlib import Path

from reader.check import Check
from reader.common import BLOCK_KINDS, Fault
from reader.contents import Contents
from reader.file import Hydra
from reader.text import Json, quote

MAX_TWIN_RECORDS = 1000


def pick(contents, name):
    tables = list(contents.tables.values())
    if name is None and len(tables) == 1:
        return tables[0]
    chosen = contents.tables.get(name)
    if not chosen:
        listed = ", ".join(table.name for table in tables) or "none"
        raise Fault("HY0403", f"{name or 'choose one with --table'} (the file has: {listed})")
    return chosen


def lines_of(contents, table):
    writers = {}
    for schema, value in contents.records(table):
        writer = writers.setdefault(id(schema), Json(schema))
        yield writer.text(schema.root, value)


def cat(path, table, form, out):
    contents = Contents(Hydra(path))
    table = pick(contents, table)
    if form == "ndjson":
        for line in lines_of(contents, table):
            out.write(line + "\n")
        return
    out.write('{"version":1,"table":' + quote(table.name) + ',"records":[\n')
    before = ""
    for line in lines_of(contents, table):
        out.write(before + line)
        before = ",\n"
    out.write(("\n" if before else "") + "]}\n")


def inspect(path, out):
    hydra = Hydra(path)
    contents, commit = Contents(hydra), hydra.commit
    tail = hydra.file.length - commit.committed
    out.write(f"{path}: Hydra {hydra.major}.{hydra.minor}, {hydra.file.length} bytes, file id {hydra.file_id.hex()}\n")
    out.write(f"commit {commit.sequence}, epoch {commit.epoch}, {'closed cleanly' if commit.flags & 1 else 'not closed'}, "
              f"{commit.committed} bytes committed, {commit.synced} synced, {tail if tail > 0 else 0} bytes beyond\n")
    kinds = [BLOCK_KINDS.get(block.kind, "unknown") for block in contents.blocks]
    out.write("blocks: " + ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))) + "\n")
    for table in contents.tables.values():
        out.write(f"\ntable {table.name}: {table.count} records in {len(table.blocks)} blocks\n")
        for number in table.schemas:
            schema = contents.schemas[number]
            out.write(f"  schema {number}, fingerprint {schema.fingerprint():016x}, stride {schema.root.size}\n")
            out.writelines(f"    {line}\n" for line in schema.render())
    for key, value in contents.metadata:
        out.write(f"metadata {quote(key)}: {value!r}\n")
    for notice in hydra.notices:
        out.write(f"{notice}\n")


def check(path, out):
    result = Check(path)
    for finding in result.findings:
        finding.file = finding.file or path
        out.write(f"{finding}\n")
    if result.findings:
        out.write(f"{path}: {result.verdict()}, {len(result.findings)} findings\n")
        return 1 if result.verdict() == "unsupported" else 4
    tables = result.contents.tables.values()
    out.write(f"{path}: sound, {sum(t.count for t in tables)} records, {len(result.contents.blocks)} blocks\n")
    return 0


def twins(path, tables):
    """Yields the readable twins of a golden file: NAME.TABLE.ndjson for every table that is not too long."""
    for table in tables:
        if table.count <= MAX_TWIN_RECORDS:
            yield table, path.parent / f"{path.stem}.{table.name}.ndjson"


def compare(path, write):
    """Returns the problems of a golden file: its findings, and the first line that differs in each twin."""
    problems = [str(finding) for finding in Check(path).findings]
    if problems:
        return problems, 0
    contents, compared = Contents(Hydra(path)), 0
    for table, twin in twins(path, contents.tables.values()):
        found = [line + "\n" for line in lines_of(contents, table)]
        if write:
            twin.write_text("".join(found), encoding="utf-8")
        if not twin.exists():
            problems.append(f"there is no {twin.name}")
            continue
        expected = twin.read_text(encoding="utf-8").splitlines(keepends=True)
        compared += 1
        if found != expected:
            at = next((i for i, pair in enumerate(zip(expected, found)) if pair[0] != pair[1]), min(len(expected), len(found)))
            problems.append(f"{twin.name}, line {at + 1}: expected {expected[at:at + 1]}, found {found[at:at + 1]}")
    return problems, compared


def golden(directory, out, write=False):
    """Checks that every NAME.hydra is sound and prints its twins, byte for byte."""
    bad, compared = 0, 0
    files = sorted(Path(directory).rglob("*.hydra"))
    for path in files:
        problems, count = compare(path, write)
        bad, compared = bad + bool(problems), compared + count
        out.writelines(f"{path}: {problem}\n" for problem in problems)
    out.write(f"{len(files)} golden files, {compared} twins, {bad} bad\n")
    return 4 if bad or not files else 0


def invalid(directory, out):
    """Checks that every NAME.hydra, which breaks one rule, has the verdict and the findings of NAME.json."""
    bad, files = 0, sorted(Path(directory).glob("*.hydra"))
    for path in files:
        twin, result = json.loads(path.with_suffix(".json").read_text(encoding="utf-8")), Check(path)
        expected = {(finding["code"], finding["offset"]) for finding in twin["findings"]}
        found = {(finding.code, finding.offset) for finding in result.findings}
        if (result.verdict(), found) != (twin["verdict"], expected):
            bad += 1
            out.write(f"{path} ({twin['rule']}): expected {twin['verdict']}, {sorted(expected, key=str)}; "
                      f"found {result.verdict()}, {sorted(found, key=str)}\n")
    out.write(f"{len(files)} invalid files, {bad} bad\n")
    return 4 if bad or not files else 0


def main(arguments=None):
    sys.setrecursionlimit(50_000)
    parser = argparse.ArgumentParser(prog="hydra_reader.py", description="An independent reader of Hydra files.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_text in (("cat", "print records as text"), ("inspect", "show the contents of a file"),
                            ("check", "check every rule"),
                            ("golden", "compare golden files with their twins"),
                            ("invalid", "compare the findings of invalid files with their twins")):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("path")
        if name == "cat":
            command.add_argument("--table")
            command.add_argument("-f", "--format", choices=("ndjson", "json"), default="ndjson")
        if name == "golden":
            command.add_argument("--write", action="store_true", help="write the twins anew")
    options = parser.parse_args(arguments)
    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(encoding="utf-8", newline="\n")
    try:
        if options.command == "cat":
            cat(options.path, options.table, options.format, out)
            code = 0
        elif options.command == "inspect":
            inspect(options.path, out)
            code = 0
        elif options.command == "golden":
            code = golden(options.path, out, options.write)
        elif options.command == "invalid":
            code = invalid(options.path, out)
        else:
            code = check(options.path, out)
        out.flush()
        return code
    except Fault as fault:
        out.flush()
        fault.file = fault.file or options.path
        print(fault, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader closed the pipe: the rest of the buffer is discarded without an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(Fault("HY0001", str(error)), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
