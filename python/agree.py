#!/usr/bin/env python3
"""Checks that the `hydra` command and the independent reader print the same: agree.py HYDRA FILE..

It compares every table of every file, as NDJSON and as JSON, byte for byte, and both programs must find the file sound.
In a table whose records have several types, it compares the records of the newest type only: the command shows all
records as that type, the reader each as its own.
"""

import io
import subprocess
import sys

import hydra_reader
from reader.contents import Contents
from reader.file import Hydra


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def ours(path, table, form):
    out = io.StringIO()
    hydra_reader.cat(path, table, form, out)
    return out.getvalue()


def disagreements(hydra, path):
    theirs = run(hydra, "check", path)
    mine = io.StringIO()
    if theirs.returncode or hydra_reader.check(path, mine):
        yield f"check: hydra says {theirs.returncode}, the reader says {mine.getvalue().strip()}"
    for name, table in Contents(Hydra(path)).tables.items():
        several = len({block.schema_id for block in table.blocks.values()}) > 1
        for form in ("ndjson",) if several else ("ndjson", "json"):
            theirs = run(hydra, "cat", "-f", form, "--table", name, path)
            left, right = theirs.stdout, ours(path, name, form)
            if several:
                left, right = newest(table, left), newest(table, right)
            if theirs.returncode or left != right:
                yield f"table {name} as {form} differs {theirs.stderr}"


def newest(table, text):
    """Returns the number of lines, and the lines of the records of the type that was appended last."""
    lines, last = text.splitlines(), table.blocks[max(table.blocks)].schema_id
    own = [block for block in table.blocks.values() if block.schema_id == last]
    return len(lines), [lines[block.first:block.first + block.count] for block in own]


def main():
    sys.setrecursionlimit(50_000)
    hydra, *paths = sys.argv[1:]
    found = [f"{path}: {what}" for path in paths for what in disagreements(hydra, path)]
    print("\n".join(found + [f"{len(paths)} files, {len(found)} disagreements"]))
    return 4 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
