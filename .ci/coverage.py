"""Prints the results of `.ci/coverage` from LCOV records on standard input, without the tests at the end of a file."""

import sys
from pathlib import Path

mode, root = sys.argv[1], Path(sys.argv[2])


def tests_start(lines):
    """Returns the line at which the tests of a file start."""
    return next((number for number, line in enumerate(lines, 1) if line == "#[cfg(test)]"), len(lines) + 1)


files = {}
for line in sys.stdin:
    key, _, value = line.strip().partition(":")
    if key == "SF":
        counts = files.setdefault(Path(value).relative_to(root), {})
    elif key == "DA":
        number, count = map(int, value.split(",")[:2])
        counts[number] = max(count, counts.get(number, 0))

total = reached = 0
for path, counts in sorted(files.items()):
    lines = (root / path).read_text().splitlines()
    code = {number: count for number, count in counts.items() if number < tests_start(lines)}
    if path.name == "tests.rs" or not code:
        continue
    missed = [number for number, count in sorted(code.items()) if not count]
    total += len(code)
    reached += len(code) - len(missed)
    print(f"{100 * (1 - len(missed) / len(code)):6.1f} %  {len(missed):4} of {len(code):4} missed  {path}")
    if mode == "lines":
        for number in missed:
            print(f"{number:16}  {lines[number - 1].strip()}")
print(f"{100 * reached / total:6.1f} %  of {total} lines")
