#!/usr/bin/env python3
"""Whether the `hydra` command and the independent reader print the same: agree.py HYDRA FILE..

Every table of every file, as NDJSON and as JSON, byte for byte; and both must find the file sound.
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
    for table in Contents(Hydra(path)).tables:
        for form in ("ndjson", "json"):
            theirs = run(hydra, "cat", "-f", form, "--table", table, path)
            if theirs.returncode or theirs.stdout != ours(path, table, form):
                yield f"table {table} as {form} differs {theirs.stderr}"


def main():
    sys.setrecursionlimit(50_000)
    hydra, *paths = sys.argv[1:]
    found = [f"{path}: {what}" for path in paths for what in disagreements(hydra, path)]
    print("\n".join(found + [f"{len(paths)} files, {len(found)} disagreements"]))
    return 4 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
