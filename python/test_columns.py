"""Tests of columns (docs/FORMAT.md, 7.1 to 7.5) in the independent reader. Run with those of `test_reader.py`."""

import json
import random
import struct
import sys
import unittest
import zlib
from itertools import takewhile
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))
sys.setrecursionlimit(50_000)

import column_maker as maker  # noqa: E402
from column_maker import (  # noqa: E402
    CONSTANT, DECIMAL_DELTA, DECIMAL_FRAME, DELTA, DICTIONARY, FRAME, PLAIN, Columns, Rows, Values, recrc, schema_of,
)
from reader import encodings  # noqa: E402
from reader.check import Check  # noqa: E402
from reader.common import Fault, crc, verdict  # noqa: E402
from reader.encodings import Stored, decimals, decode, decompress  # noqa: E402
from reader.payload import Payload  # noqa: E402
from reader.records import Records  # noqa: E402
from reader.text import Json  # noqa: E402
from test_reader import Builder, Case  # noqa: E402

NODE = ("struct", "Node", (("value", "string"), ("next", ("option", ("box", ("again", "Node"))))))
TREE = ("struct", "Tree", (("name", "string"), ("kids", ("list", ("again", "Tree"))), ("notes", ("map", "string", "bytes"))))
SHAPE = ("enum", "Shape", "i16", (("Circle", -300, ("f64", "u8")), ("Poly", 7, (("list", "f32"),)), ("Empty", 0, ())))
COLOR = ("enum", "Color", "u8", (("Red", 3, ()), ("Green", 200, ())))
KINDS = {
    "numbers": ("tuple", *(f"{sign}{bits}" for sign in "iu" for bits in (8, 16, 32, 64, 128))),
    "scalars": ("tuple", "unit", "bool", "char", "f32", "f64"),
    "bool": "bool",
    "unit": "unit",
    "units": ("list", "unit"),
    "options": ("option", ("option", ("option", "u16"))),
    "an option of a list": ("option", ("list", ("option", "string"))),
    "strings": ("struct", "S", (("a", "string"), ("b", ("option", "bytes")), ("c", "opaque"), ("d", ("list", "string")))),
    "maps": ("tuple", ("map", "string", ("list", "i128")), ("set", "i16"), ("map", ("array", "u8", 2), "unit")),
    "enums": ("tuple", SHAPE, ("option", SHAPE), ("list", COLOR), ("set", ("newtype", "Id", "u64"))),
    "arrays": ("option", ("array", ("option", ("array", "u128", 3)), 2)),
    "an array of nothing": ("tuple", ("array", "string", 0), "u8"),
    "boxes": ("box", ("tuple", ("option", ("box", ("option", "u32"))), ("box", "unit"))),
    "forms": ("tuple", ("number", "i128", 0, 1, -9), ("number", "u32", 1, 0, 0), ("option", ("number", "u16", 1, 0, 0))),
    "a recursive type": NODE,
    "recursive types inside": ("struct", "Out", (("a", ("option", NODE)), ("b", "u8"), ("c", ("list", TREE)))),
    "an absent struct": ("option", ("struct", "P", (("x", "i64"), ("y", ("option", "string")), ("z", "bool"), ("w", SHAPE)))),
}


def nested(depth, inner="u8"):
    for _ in range(depth):
        inner = ("tuple", inner)
    return inner


def described(rng, depth=0, key=False):
    """A random type."""
    simple = ["unit", "bool", "char", "f32", "f64", "string", "bytes", "opaque", *NUMBERS, COLOR]
    if depth > 3 or rng.random() < 0.3:
        return rng.choice(NUMBERS if key else simple)
    word = rng.choice(("option", "list", "set", "map", "array", "tuple", "newtype", "box", "enum", "tree"))
    if word in ("option", "list", "box"):
        return word, described(rng, depth + 1)
    if word == "set":
        return word, rng.choice(NUMBERS + ["string", "bool"])
    if word == "map":
        return word, rng.choice(NUMBERS + ["string", "bool"]), described(rng, depth + 1)
    if word == "array":
        return word, described(rng, depth + 1), rng.randrange(4)
    if word == "newtype":
        return word, f"N{rng.getrandbits(30)}", described(rng, depth + 1)
    if word == "enum":
        variants = [(f"V{i}", tag, tuple(described(rng, depth + 2) for _ in range(rng.randrange(3))))
                    for i, tag in enumerate(rng.sample(range(-128, 128), rng.randrange(1, 4)))]
        return word, f"E{rng.getrandbits(30)}", "i8", tuple(variants)
    return TREE if word == "tree" else ("tuple", *(described(rng, depth + 1) for _ in range(rng.randrange(4))))


NUMBERS = [f"{sign}{bits}" for sign in "iu" for bits in (8, 16, 32, 64, 128)]


def blocks_of_zstd(data, plain):
    """In place of a module for zstd: reads the frames that `maker.zstd` makes."""
    at, content, last = 9, b"", 0
    while not last:
        head = int.from_bytes(data[at:at + 3], "little")
        last, size = head & 1, head >> 3
        content += data[at + 3:at + 3 + size] if head >> 1 & 3 == 0 else data[at + 3:at + 4] * size
        at += 3 + (size if head >> 1 & 3 == 0 else 1)
    return content[:plain + 1]


class ColumnCase(Case):
    def setUp(self):
        super().setUp()
        patch = mock.patch.object(encodings, "one_shot", blocks_of_zstd)
        patch.start()
        self.addCleanup(patch.stop)

    def read(self, schema, payload, checksum, count):
        """Records and findings of a full check."""
        audit, found = [], []
        try:
            found += Records(schema, payload, count, checksum, 8256, "block", audit).records()
        except Fault as fault:
            audit.append(fault)
        for finding in audit:
            self.assertIsNotNone(str(finding))
            self.assertTrue(finding.offset is None or finding.offset >= 8192, finding)
        return found, audit

    def both(self, schema, records, choose=None, rng=None):
        """Writes records as rows and as columns, and compares what is read from both."""
        rows, audit = Rows(schema, schema.root, records), []
        expected = list(Payload(schema, rows.payload, len(records), rows.text_offset, audit=audit).records())
        self.assertEqual((repr(expected), audit), (repr(records), []))
        columns = Columns(schema, records, choose, rng)
        found, audit = self.read(schema, *columns.payload(), len(records))
        self.assertEqual([str(finding) for finding in audit], [])
        self.assertEqual(repr(found), repr(expected))
        return columns


class RoundTrips(ColumnCase):
    def test_every_kind_in_every_encoding(self):
        """M7.4-1: whatever encodings are chosen, the records are those of rows."""
        seen = set()
        for name, spec in KINDS.items():
            schema = schema_of(spec)
            self.assertIsNone(schema.canonical_problem(), name)
            for code in (*range(7), "zstd", "any"):
                rng = random.Random(f"{name} {code}")
                values = Values(schema, rng, few=code in (CONSTANT, DICTIONARY))

                def choose(stream, possible):
                    if code == "zstd":
                        fits = [c for c in sorted(possible) if len(possible[c]) <= len(possible[PLAIN])]
                        return "zstd", rng.choice(fits)
                    chosen = rng.choice(sorted(possible)) if code == "any" else code if code in possible else PLAIN
                    seen.add((stream.what, chosen))
                    return chosen
                for count in (1, 2, 40):
                    with self.subTest(kind=name, code=code, count=count):
                        self.both(schema, [values.value(schema.root) for _ in range(count)], choose, rng)
        names = {"cuts": encodings.CUTS}
        allowed = {(what, code) for what in encodings.ALLOWED for code in encodings.ALLOWED[what]}
        self.assertEqual({(names.get(what, what), code) for what, code in seen}, allowed)

    def test_random_types(self):
        for seed in range(150):
            rng = random.Random(seed)
            schema = schema_of(described(rng))
            self.assertIsNone(schema.canonical_problem(), seed)
            values = Values(schema, rng, few=seed % 2)
            with self.subTest(seed=seed):
                records = [values.value(schema.root) for _ in range(rng.randrange(1, 20))]
                self.both(schema, records, lambda _, possible: rng.choice(sorted(possible)), rng)

    def test_groups_of_1024(self):
        rng = random.Random(1)
        schema = schema_of(("tuple", ("option", "i64"), "f32", ("list", "u128"), "string"))
        for code in (FRAME, DELTA, DICTIONARY, DECIMAL_FRAME, DECIMAL_DELTA):
            for count in (1023, 1024, 1025, 2100):
                records = [[(i * i,) if i % 7 else None, i / 4, [i << 100] * (i % 3), f"w{i % 50}"] for i in range(count)]
                columns = self.both(schema, records, lambda _, possible: code if code in possible else PLAIN, rng)
                self.assertIn(code, [stream.encoding for stream in columns.streams])

    def test_all_absent_and_all_empty(self):
        schema = schema_of(("option", ("tuple", "u16", "string", ("list", "u8"), "bool", "f64", NODE)))
        for code in range(7):
            columns = self.both(schema, [None] * 9, lambda _, possible: code if code in possible else PLAIN)
            if code:
                self.assertTrue(all(len(s.stored) <= 13 for s in columns.streams if s.encoding), code)

    def test_types_32_below_the_root_are_rows(self):
        for depth, names in ((31, ["values"]), (32, ["values"]), (33, ["rows"])):
            # Inline nesting ends at 32 types, so a list is between.
            schema = schema_of(nested(depth - 20, ("list", nested(19))))
            columns = self.both(schema, [nest(depth - 20, [nest(19, 5), nest(19, 6)])])
            self.assertEqual([s.what for s in columns.streams], ["offsets", *names], depth)

    def test_columns_and_rows_in_one_file(self):
        schema = schema_of(KINDS["strings"])
        values = Values(schema, random.Random(3))
        records = [values.value(schema.root) for _ in range(30)]
        builder = Builder()
        builder.schema(1, "S", schema.core)
        for first, columns in ((0, True), (10, False), (20, True)):
            part = records[first:first + 10]
            rows = Rows(schema, schema.root, part)
            payload = Columns(schema, part).payload() if columns else (rows.payload, rows.text_offset)
            builder.data(1, payload, 10, schema.root.size, first=first, layout=int(columns))
        payload = Columns(schema, records[5:15][:10]).payload()
        builder.block(2, payload[0], 1, 10, 10, schema.root.size, payload[1], flags=1, layout=1)
        builder.closed = 0
        data = builder.file()
        self.assertEqual([str(finding) for finding in Check(self.write(data)).findings], [])
        lines = self.cat(data).splitlines()
        self.assertEqual((len(lines), lines[5:10]), (30, lines[10:15]))

    def test_other_blocks_have_no_layout_1(self):
        builder = Builder()
        builder.closed = 0
        builder.block(4, struct.pack("<QI52x", 0, 0), layout=1)
        self.assertEqual(set(self.codes(builder.file())), {"HY0203"})


def nest(depth, value):
    for _ in range(depth):
        value = [value]
    return value


class Vectors(ColumnCase):
    """Bytes written by hand after 7.2 and 7.3."""

    def decoded(self, code, digits, count, width):
        stored = Stored(bytes.fromhex(digits), self.fail)
        values = decode(code, stored, count, width)
        stored.end()
        return values

    def test_constant(self):
        self.assertEqual(self.decoded(CONSTANT, "0700", 3, 2), [7, 7, 7])
        self.assertEqual(self.decoded(CONSTANT, "", 0, 2), [])

    def test_frame(self):
        # 5, 6, 8 are 5 + {0, 1, 3}: two bits each, 11 01 00 from the highest.
        self.assertEqual(self.decoded(FRAME, "02 05 34 00000000", 3, 1), [5, 6, 8])
        # The second value is an exception, and its bits are zero: 11 00 00.
        self.assertEqual(self.decoded(FRAME, "02 05 30 01000000 01000000 c8", 3, 1), [5, 200, 8])
        # The minimum is -1, and the sum wraps around.
        self.assertEqual(self.decoded(FRAME, "02 ffff 09 00000000", 2, 2), [0, 1])
        self.assertEqual(self.decoded(FRAME, "00 09000000000000000000000000000001 00000000", 2, 16), [9 + (1 << 120)] * 2)
        self.assertEqual(self.decoded(FRAME, "00000000", 0, 4), [])
        # Two groups, the second of one value; widths first, then minima.
        self.assertEqual(self.decoded(FRAME, "00 01 07 09 01 00000000", 1025, 1), [7] * 1024 + [10])

    def test_delta(self):
        # 10, 12, 11: the differences 2 and -1 are -1 + {3, 0}.
        self.assertEqual(self.decoded(DELTA, "02 ffff 0a00 03 00000000", 3, 2), [10, 12, 11])
        self.assertEqual(self.decoded(DELTA, "00 0100 0a00 00000000", 4, 2), [10, 11, 12, 13])
        self.assertEqual(self.decoded(DELTA, "00 00 ff 00000000", 1, 1), [255])
        self.assertEqual(self.decoded(DELTA, "00000000", 0, 4), [])
        # Value 1,024 is the first of its group.
        self.assertEqual(self.decoded(DELTA, "00 00 01 00 05 63 00000000", 1025, 1), [(5 + i) % 256 for i in range(1024)] + [99])
        # The third value is an exception, and the fourth follows from it.
        self.assertEqual(self.decoded(DELTA, "02 ffff 0a00 03 01000000 02000000 6400", 4, 2), [10, 12, 100, 99])
        # So can a first value be.
        self.assertEqual(self.decoded(DELTA, "02 ffff 0a00 03 01000000 00000000 0500", 3, 2), [5, 7, 6])

    def test_dictionary(self):
        digits = "02000000 07000000 09000000 01 0000 02 00000000"
        self.assertEqual(self.decoded(DICTIONARY, digits, 3, 4), [7, 9, 7])

    def decimal(self, code, digits, power, count, width):
        stored = Stored(bytes.fromhex(digits), self.fail)
        values = decimals(code, power, stored, count, width)
        stored.end()
        return values

    def test_decimal(self):
        # 1.25, 0.5 and an exception, as 125, 50 and 50: 50 + {75, 0, 0}, of 7 bits each.
        frame = "07 3200000000000000 4b0000"
        exception = "01000000 02000000 000000000000f0bf"
        self.assertEqual(self.decimal(DECIMAL_FRAME, frame + exception, 2, 3, 8), [1.25, 0.5, -1.0])
        self.assertEqual(self.decimal(DECIMAL_FRAME, frame + "01000000 02000000 000080bf", 2, 3, 4), [1.25, 0.5, -1.0])
        # -0.1, 0.0, 0.1 as -1, 0, 1.
        delta = "00 0100000000000000 ffffffffffffffff 00000000"
        self.assertEqual(self.decimal(DECIMAL_DELTA, delta, 1, 3, 8), [-0.1, 0.0, 0.1])
        tenth = struct.unpack("<f", struct.pack("<f", 0.1))[0]
        self.assertEqual(self.decimal(DECIMAL_DELTA, delta, 1, 3, 4), [-tenth, 0.0, tenth])
        self.assertEqual(self.decimal(DECIMAL_DELTA, "00000000", 1, 0, 8), [])

    def whole(self, spec, count, heap, text, *streams):
        """Each stream: (encoding, parameter, flags), plain bytes, slots, absent slots, digits."""
        at, entries, body = 64 + 64 * len(streams), b"", b""
        for (code, parameter, flags), plain, slots, absent, digits in streams:
            stored = bytes.fromhex(digits)
            body = body.ljust(maker.up(len(body), 64), b"\0")
            entries += struct.pack("<BBBB", code, parameter, flags, 0)
            entries += struct.pack("<III", at + len(body), len(stored), plain)
            entries += struct.pack("<III", slots, absent, zlib.crc32(stored)) + bytes(36)
            body += stored
        head = struct.pack("<IIII", at, len(streams), heap, text) + bytes(48) + entries
        found, audit = self.read(schema_of(spec), head + body, crc(head), count)
        self.assertEqual([str(finding) for finding in audit], [])
        return found

    def test_whole_blocks(self):
        plain = (0, 0, 0)
        self.assertEqual(self.whole(("option", "u8"), 3, 0, 0, (plain, 1, 3, 0, "05"), (plain, 3, 3, 1, "050007")),
                         [(5,), None, (7,)])
        # Only present values are stored by other encodings; the head counts the text of rows.
        streams = (plain, 1, 3, 0, "05"), ((2, 0, 0), 16, 3, 1, "02 00000000 38 00000000"), (plain, 3, 3, 1, "c3a961")
        self.assertEqual(self.whole(("option", "string"), 3, 0, 3, *streams), [("é",), None, ("a",)])
        # A dictionary of strings: 4 bytes of text, though the run has 3.
        picks = "02000000 00000000 02000000 03000000 01 0000 01 00000000"
        self.assertEqual(self.whole("string", 2, 0, 3, ((4, 0, 0), 12, 2, 0, picks), (plain, 3, 2, 0, "c3a961")), ["a", "é"])
        picks = "02000000 00000000 02000000 03000000 01 0000 06 00000000"
        self.assertEqual(self.whole("string", 3, 0, 4, ((4, 0, 0), 16, 3, 0, picks), (plain, 3, 3, 0, "c3a961"))[1:], ["a", "a"])
        # Tags, then the fields of each variant, of the records that have it.
        shape = ("enum", "E", "i8", (("A", -1, ("u8",)), ("B", 2, ("bool", "bool"))))
        streams = (plain, 3, 3, 0, "02ff02"), (plain, 1, 1, 0, "09"), (plain, 1, 2, 0, "01"), (plain, 1, 2, 0, "02")
        self.assertEqual(self.whole(shape, 3, 0, 0, *streams), [(1, [True, False]), (0, [9]), (1, [False, True])])
        # A list of u32 before a list of u8: the heap of rows is 3 + 1 + 8.
        both = ("tuple", ("list", "u8"), ("list", "u32"))
        streams = [(plain, 8, 1, 0, "00000000 03000000"), (plain, 3, 3, 0, "010203"),
                   (plain, 8, 1, 0, "00000000 02000000"), ((1, 0, 0), 8, 2, 0, "09000000")]
        self.assertEqual(self.whole(both, 1, 12, 0, *streams), [[[1, 2, 3], [9, 9]]])

    def test_the_vectors_of_the_document(self):
        shape = ("enum", "E", "i8", (("A", -1, ("u8",)), ("B", 2, ("bool", "bool"))))
        types = {"option<u8>": ("option", "u8"), "option<string>": ("option", "string"), "E": shape,
                 "(list<u8>,list<u32>)": ("tuple", ("list", "u8"), ("list", "u32"))}
        page = (Path(__file__).parent.parent / "docs" / "FORMAT.md").read_text(encoding="utf-8")
        table = page.split("\n| columns of |")[1].splitlines()[2:]
        rows = [[cell.strip("` ") for cell in row.strip("|").split("|")] for row in takewhile(lambda row: row, table)]
        blocks, seen = [], set()
        for name, shown, sizes, entry, digits in rows:
            if name:
                blocks.append((types.get(name, name), shown, [int(size) for size in sizes.split(",")], []))
            code, parameter, flags, plain, slots, absent = (int(number) for number in entry.split(","))
            blocks[-1][3].append(((code, parameter, flags), plain, slots, absent, digits))
            seen.add(code)
        for spec, shown, (heap, text), streams in blocks:
            schema, count = schema_of(spec), len(json.loads(shown))
            found = self.whole(spec, count, heap, text, *streams)
            texts = [Json(schema).text(schema.root, value) for value in found]
            self.assertEqual(json.loads(f"[{','.join(texts)}]"), json.loads(shown))
        self.assertEqual(seen, set(range(7)))

    def test_rows_of_a_recursive_type(self):
        # One record of Node { value: "", next: none }: 24 bytes, text offset 64.
        rows = "40000000" + "00" * 60 + "00" * 64
        self.assertEqual(self.whole(NODE, 1, 0, 0, ((0, 0, 0), 128, 1, 0, rows)), [["", None]])


class Broken(ColumnCase):
    """Each rule of 7.1 to 7.5 is broken once."""

    def breaks(self, rule, worst, spec, records, edit=None, choose=None, change=None, lost=False):
        """Edits the streams before they are put together, or changes the payload and its checksum afterwards."""
        schema = schema_of(spec)
        self.both(schema, records, choose)
        columns = Columns(schema, records, choose)
        if edit:
            edit(columns)
        payload, checksum = columns.payload()
        if change:
            payload, checksum = change(bytearray(payload), checksum)
        found, audit = self.read(schema, bytes(payload), checksum, len(records))
        self.assertTrue(any(f"({rule})" in finding.what for finding in audit), [str(finding) for finding in audit])
        self.assertEqual(verdict([finding.code for finding in audit], True), worst, [str(finding) for finding in audit])
        if worst == "irregular":
            self.assertEqual(repr(found), repr(records))
        elif not lost:
            self.assertEqual(found, [])
        if worst != "irregular":
            self.assertRaises(Fault, lambda: list(Records(schema, bytes(payload), len(records), checksum).records()))
        else:
            self.assertEqual(repr(list(Records(schema, bytes(payload), len(records), checksum).records())), repr(records))
        self.whole_file(schema, payload, checksum, len(records), worst)

    def whole_file(self, schema, payload, checksum, count, worst):
        builder = Builder()
        builder.closed = 0
        builder.schema(1, "T", schema.core)
        builder.data(1, (bytes(payload), checksum), count, schema.root.size, layout=1)
        self.assertEqual(Check(self.write(builder.file())).verdict(), worst)

    @staticmethod
    def stored(number, digits):
        def edit(columns):
            columns.streams[number].stored = bytes.fromhex(digits)
        return edit

    @staticmethod
    def field(number, **values):
        def edit(columns):
            for name, value in values.items():
                setattr(columns.streams[number], name, value)
        return edit

    @staticmethod
    def patch(at, raw, again=True):
        """Bytes of the payload; with `again` all checksums match."""
        def change(payload, checksum):
            payload[at:at + len(raw)] = raw
            return recrc(payload) if again else (payload, checksum)
        return change

    @staticmethod
    def all_of(code):
        return lambda _, possible: code if code in possible else PLAIN

    def test_the_directory(self):
        pair = "u8", [5, 6]
        self.breaks("M7.1-1", "damaged", *pair, change=lambda p, c: (p, c ^ 1))
        self.breaks("M7.1-1", "damaged", *pair, change=self.patch(64, b"\1", again=False))
        self.breaks("M7.1-1", "damaged", *pair, change=self.patch(0, struct.pack("<I", 192)))
        self.breaks("M7.1-1", "damaged", *pair, change=self.patch(4, struct.pack("<I", 2)))
        self.breaks("M7.1-1", "damaged", *pair, change=lambda p, _: (p[:63], crc(p[:63])))
        self.breaks("M7.1-1", "damaged", *pair, change=lambda p, _: (p[:64], crc(p[:64])))
        self.breaks("M7.1-2", "damaged", *pair, change=self.patch(68, struct.pack("<I", 192)))
        self.breaks("M7.1-2", "damaged", *pair, change=lambda p, _: recrc(p + b"\0"))
        self.breaks("M7.1-2", "damaged", *pair, change=lambda p, c: (p[:-1], c))
        two = ("tuple", "u8", "u8"), [[5, 6]]
        self.breaks("M7.1-2", "damaged", *two, change=self.patch(132, struct.pack("<I", 320) + bytes(12)))
        self.breaks("M1-2", "irregular", *two, change=self.patch(193, b"\1"))
        self.breaks("M1-2", "irregular", *two, change=self.patch(16, b"\1"))
        self.breaks("M1-2", "irregular", *two, change=self.patch(63, b"\1"))
        for at in (65, 67, 92, 95, 96, 127):
            self.breaks("M1-2", "irregular", *two, change=self.patch(at, b"\1"))

    def test_statistics_are_ignored(self):
        schema = schema_of("u8")
        for flag in (2, 4, 8, 16, 0x1e):
            payload, _ = self.patch(66, bytes([flag]))(bytearray(Columns(schema, [5]).payload()[0]), 0)
            payload, checksum = self.patch(100, b"\1")(bytearray(payload), 0)
            found, audit = self.read(schema, payload, checksum, 1)
            self.assertEqual((found, audit), ([5], []))

    def test_too_many_streams(self):
        wide = ("array", ("tuple", *["u8"] * 4096), 1)
        boxes = ("array", ("tuple", *[("box", "unit")] * 4096), 1)
        for inner, value in ((wide, 7), (boxes, None)):
            # A box counts like a stream, whether or not there is a stream in it.
            for more in ((), ("u8",), (("box", "unit"),)):
                schema = schema_of(("tuple", inner, *more))
                records = [[[[value] * 4096], *[8 if spec == "u8" else None for spec in more]]]
                columns = Columns(schema, records)
                found, audit = self.read(schema, *columns.payload(), 1)
                self.assertEqual((found, [f.code for f in audit]), (records, []) if not more else ([], ["HY0306"]))

    def test_unknown_encodings_and_flags(self):
        two, records = ("tuple", "u8", "string", "bool", ("list", "u8")), [[5, "a", True, [1]]]
        for number, values in [(0, {"encoding": 7}), (0, {"encoding": 5}), (0, {"flags": 0x20}),
                               (2, {"encoding": 1}), (2, {"flags": 0x80}), (3, {"encoding": 2}),
                               (4, {"encoding": 4})]:
            self.breaks("M7.1-3", "unsupported", two, records, self.field(number, **values))

    def test_other_columns_can_be_read(self):
        schema = schema_of(("struct", "S", (("a", "u8"), ("b", ("option", "string")), ("c", ("set", "u16")))))
        records = [[i, (f"w{i}",), [1, 2 + i]] for i in range(5)]
        columns = Columns(schema, records)
        columns.streams[1].encoding = 99
        payload, checksum = columns.payload()
        with self.assertRaises(Fault) as caught:
            list(Records(schema, payload, 5, checksum).records())
        self.assertEqual(caught.exception.code, "HY0203")
        lost = Records(schema, payload, 5, checksum)
        self.assertEqual(lost.column("a"), [0, 1, 2, 3, 4])
        self.assertEqual(lost.column("c"), [[1, 2 + i] for i in range(5)])
        self.fails("HY0203", lost.column, "b")
        # What does not depend on the lost stream is checked.
        columns.streams[5].stored = struct.pack("<10H", 1, 2, 1, 3, 1, 4, 9, 5, 1, 6)
        _, audit = self.read(schema, *columns.payload(), 5)
        self.assertEqual([finding.code for finding in audit], ["HY0203", "HY0304"])

    def test_limits(self):
        self.breaks("M7.1-4", "damaged", "u8", [5], self.field(0, plain=(16 << 20) + 1))
        self.breaks("M7.1-4", "damaged", "u8", [5], lambda columns: setattr(columns, "heap", 16 << 20))
        self.breaks("M7.1-4", "damaged", "u8", [5], lambda columns: setattr(columns, "text", 16 << 20))
        # At the limit, another rule finds it.
        self.breaks("M7.2-4", "damaged", "u8", [5], self.field(0, plain=16 << 20))

    def test_checksums_of_streams(self):
        self.breaks("M7.1-5", "damaged", ("tuple", "u8", "u8"), [[5, 6]], change=self.patch(192, b"\1", again=False))

    def test_heap_and_text_of_rows(self):
        spec, records = ("tuple", "string", ("list", "u16")), [["ab", [1, 2]]]
        for name, value in (("heap", 3), ("heap", 5), ("heap", 0), ("text", 1), ("text", 3)):
            self.breaks("M7.1-6", "damaged", spec, records, lambda columns: setattr(columns, name, value), lost=True)
        self.breaks("M7.1-6", "damaged", KINDS["boxes"], [[((None),), None]], lambda columns: setattr(columns, "heap", 8), lost=True)

    def test_spare_bits(self):
        self.breaks("M7.2-1", "irregular", ("array", "bool", 3), [[True, False, True]], self.stored(0, "0d"))
        self.breaks("M7.2-1", "irregular", ("option", "unit"), [None] * 8 + [(None,)], self.stored(0, "0003"))
        self.breaks("M7.2-1", "irregular", "u8", [5, 6, 8], self.stored(0, "02 05 f4 00000000"), self.all_of(FRAME))
        self.breaks("M7.2-1", "irregular", "u8", [5, 6, 8], self.stored(0, "01 01 05 82 00000000"), self.all_of(DELTA))
        for exception in ("02 ff 0a 07 01000000 01000000 0c", "02 ff 0a 07 01000000 02000000 0c"):
            self.breaks("M7.2-1", "irregular", "u8", [10, 12, 12], self.stored(0, exception), self.all_of(DELTA))
        exception = "02 05 3c 01000000 01000000 c8"
        self.breaks("M7.2-1", "irregular", "u8", [5, 200, 8], self.stored(0, exception), self.all_of(FRAME))

    def test_offsets(self):
        strings = "string", ["a", "b"]
        for digits in ("01000000 01000000 02000000", "00000000 03000000 02000000"):
            self.breaks("M7.2-2", "damaged", *strings, self.stored(0, digits))
            self.breaks("M7.2-2", "damaged", ("list", "u8"), [[1], [2]], self.stored(0, digits))
        # The last offset is the number of elements, or the length of the run.
        self.breaks("M7.2-4", "damaged", *strings, self.stored(0, "00000000 01000000 03000000"))
        self.breaks("M7.2-4", "damaged", ("list", "u8"), [[1], [2]], self.stored(0, "00000000 01000000 01000000"))
        self.breaks("M7.2-2", "damaged", ("list", "u8"), [[]], self.stored(0, "01000000"), self.all_of(CONSTANT))
        digits = "02000000 00000000 02000000 01000000 01 0000 02 00000000"
        self.breaks("M7.2-2", "damaged", *strings, self.stored(0, digits), self.all_of(DICTIONARY))

    def test_text(self):
        self.breaks("M7.2-3", "damaged", "string", ["a", "b"], self.stored(1, "61ff"))
        self.breaks("M7.2-3", "damaged", "string", ["é", "b"], self.stored(0, "00000000 01000000 03000000"))
        digits = "02000000 00000000 01000000 03000000 01 0000 02 00000000"
        self.breaks("M7.2-3", "damaged", "string", ["é", "b"], self.stored(0, digits), self.all_of(DICTIONARY))
        self.both(schema_of("bytes"), [b"\xff", b"\xc3"])

    def test_slots(self):
        spec, records = ("option", "u8"), [(5,), None]
        for values in ({"total": 1}, {"total": 3}, {"absent": 0}, {"absent": 2}, {"plain": 1}, {"plain": 3}):
            self.breaks("M7.2-4", "damaged", spec, records, self.field(1, **values))
        self.breaks("M7.2-4", "damaged", spec, records, self.field(0, absent=1))
        self.breaks("M7.2-4", "damaged", ("list", "string"), [["a"]], self.field(2, total=0))
        self.breaks("M7.2-4", "damaged", NODE, [["a", None]], self.field(0, plain=63))
        self.breaks("M7.3-1", "damaged", NODE, [["a", None]], self.field(0, plain=64))

    def test_absent_slots(self):
        self.breaks("M7.2-5", "damaged", ("option", "u8"), [(5,), None], self.stored(1, "0501"))
        self.breaks("M7.2-5", "damaged", ("option", "bool"), [(True,), None], self.stored(1, "03"))
        self.breaks("M7.2-5", "damaged", ("option", ("option", "u8")), [((1,),), None], self.stored(1, "03"))
        self.breaks("M7.2-5", "damaged", ("option", ("list", "u8")), [([1],), None], self.stored(1, "00000000 00000000 01000000"))
        self.breaks("M7.2-5", "damaged", ("option", "string"), [None, ("a",)], self.stored(1, "00000000 01000000 01000000"))
        self.breaks("M7.2-5", "damaged", ("option", COLOR), [((0, []),), None], self.stored(1, "0303"))
        # An absent float is zero, and not minus zero.
        self.breaks("M7.2-5", "damaged", ("option", "f32"), [None], self.stored(1, "00000080"))

    def test_lengths_of_encodings(self):
        for code in (PLAIN, CONSTANT, FRAME, DELTA, DICTIONARY):
            for records in ([9, 9, 9], [9] * 1025):
                def longer(columns):
                    columns.streams[0].stored += b"\0"

                def shorter(columns):
                    columns.streams[0].stored = columns.streams[0].stored[:-1]
                for edit in (longer, shorter):
                    self.breaks("M7.3-1", "damaged", "u16", records, edit, self.all_of(code))
        self.breaks("M7.3-1", "damaged", "u8", [5, 6, 8], self.stored(0, "02 05 34 ffffffff"), self.all_of(FRAME))
        self.breaks("M7.3-1", "damaged", "bool", [True], self.stored(0, "0100"), self.all_of(CONSTANT))
        self.breaks("M7.3-1", "damaged", "string", ["a"], self.stored(1, "6161"))
        self.breaks("M7.3-1", "damaged", "f64", [0.5], self.stored(0, ""), self.all_of(DECIMAL_DELTA))

    def test_numbers_of_encodings(self):
        self.breaks("M7.3-2", "damaged", "bool", [True], self.stored(0, "02"), self.all_of(CONSTANT))
        self.breaks("M7.3-3", "damaged", "u8", [5], self.stored(0, "09 05 0000 00000000"), self.all_of(FRAME))
        self.breaks("M7.3-3", "damaged", "u128", [5, 5], self.stored(0, "41" + "00" * 41), self.all_of(DELTA))
        for positions in ("01000000 01000000", "02000000 01000000", "00000000 03000000"):
            digits = f"02 05 00 02000000 {positions} 0505"
            self.breaks("M7.3-4", "damaged", "u8", [5, 6, 8], self.stored(0, digits), self.all_of(FRAME))
        self.breaks("M7.3-5", "damaged", "u8", [5], self.stored(0, "01000000 05 01 0000 01 00000000"), self.all_of(DICTIONARY))
        self.breaks("M7.3-5", "damaged", "u8", [5], self.stored(0, "00000000 00 0000 00000000"), self.all_of(DICTIONARY))
        self.breaks("M7.3-5", "damaged", "u8", [5], self.stored(0, "01000100" + "05" * 65537), self.all_of(DICTIONARY))
        self.breaks("M7.3-5", "damaged", "string", [""], self.stored(0, "01000100"), self.all_of(DICTIONARY))

    def test_decimals(self):
        for code in (DECIMAL_FRAME, DECIMAL_DELTA):
            self.breaks("M7.3-6", "damaged", "f64", [0.5], self.field(0, parameter=23), self.all_of(code))
        for number, rule in ((1 << 50, None), (-1 << 50, None), ((1 << 50) + 1, "M7.3-6"), (-(1 << 50) - 1, "M7.3-6")):
            edit = self.stored(0, "00" + struct.pack("<q", number).hex() + "00000000")
            if rule:
                self.breaks(rule, "damaged", "f64", [0.5], edit, self.all_of(DECIMAL_FRAME))
            else:
                columns = Columns(schema_of("f64"), [0.5], self.all_of(DECIMAL_FRAME))
                edit(columns)
                self.assertEqual(self.read(columns.schema, *columns.payload(), 1), ([number / 100], []))

    def test_zstd(self):
        spec, records = "string", ["ab" * 20, "c"]
        def choose(stream, _):
            return ("zstd", PLAIN) if stream.what == "run" else PLAIN
        good = maker.zstd(b"ab" * 20 + b"c")
        head, rest = good[:5], good[9:]
        size = struct.pack("<I", 41)
        frames = {
            "another magic": b"\0" + good[1:], "nothing": b"", "a skippable frame": b"\x50\x2a\x4d\x18" + good[4:],
            "another size": head + struct.pack("<I", 42) + rest, "bytes after it": good + b"\0", "two frames": good + good,
            "cut short": good[:-1], "no size": good[:4] + b"\0\0" + rest, "less content": head + size + b"\x09\0\0a",
            "a dictionary": good[:4] + b"\xa1\7" + size + rest, "more content": head + size + b"\x53\1\0a",
        }
        for name, data in frames.items():
            with self.subTest(name):
                self.breaks("M7.5-1", "damaged", spec, records, self.field(1, stored=data), choose)
        self.breaks("M7.2-4", "damaged", spec, records, self.field(1, plain=42), choose)
        # Of a frame of reference, the content is at most the plain bytes: here two too many.
        large = self.field(0, stored=maker.zstd(bytes.fromhex("02 05 00 00000000")), flags=1)
        self.breaks("M7.5-1", "damaged", "u8", [5] * 5, large, self.all_of(FRAME))
        # A run that is one repeated byte, with a checksum field and a size of 2 bytes, is a frame too.
        columns = Columns(schema_of("bytes"), [b"a" * 300], choose)
        columns.streams[1].stored = good[:4] + b"\x60" + struct.pack("<H", 44) + (300 << 3 | 3).to_bytes(3, "little") + b"a"
        with mock.patch.object(encodings, "one_shot", lambda *_: b"a" * 300):
            self.assertEqual(self.read(columns.schema, *columns.payload(), 1), ([b"a" * 300], []))

    def test_without_zstd(self):
        schema = schema_of(("tuple", "u8", "string"))
        columns = Columns(schema, [[5, "abc"]], lambda stream, _: ("zstd", PLAIN) if stream.what == "run" else PLAIN)
        with mock.patch.object(encodings, "one_shot", lambda *_: None):
            lost = Records(schema, columns.payload()[0], 1, columns.payload()[1])
            self.assertEqual([fault.code for fault in lost.faults], ["HY0203"])
            self.assertEqual(lost.column("0"), [5])
            self.assertIn("needs zstd", self.fails("HY0203", lost.column, "1").what)

    def test_values(self):
        """M5-1, M5.3-1, M5.4-1, M5.5-2, M5.5-3 and M7-5 are under the same rules as in rows."""
        self.breaks("M5-1", "damaged", "char", ["a"], self.stored(0, "00d80000"))
        self.breaks("M5.3-1", "damaged", COLOR, [(0, [])], self.stored(0, "04"))
        self.breaks("M5.4-1", "damaged", ("set", "u8"), [[1, 2]], self.stored(1, "0202"), lost=True)
        self.breaks("M5.4-1", "damaged", ("map", "string", "unit"), [[("a", None), ("b", None)]], self.stored(2, "6261"), lost=True)
        self.breaks("M5.5", "damaged", ("number", "u16", 1, 0, 0), [1], self.stored(0, "0000"))
        far = (10**9 << 63).to_bytes(16, "little").hex()
        self.breaks("M5.5", "damaged", ("number", "i128", 0, 1, -9), [1], self.stored(0, far))

    def test_depth(self):
        def chain(length):
            return ["", (chain(length - 1),) if length else None]
        schema = schema_of(("list", NODE))
        self.both(schema, [[chain(63)]])
        _, audit = self.read(schema, *Columns(schema, [[chain(64)]]).payload(), 1)
        self.assertEqual([finding.code for finding in audit], ["HY0305"])

    def test_types_without_streams(self):
        endless = schema_of(("struct", "S", (("a", ("box", ("again", "S"))), ("b", ("box", ("again", "S"))))))
        head = struct.pack("<4I48x", 128, 1, 1 << 20, 0) + struct.pack("<4B7I32x", 0, 0, 0, 0, 128, 64, 64, 1, 0, 0, 0)
        rows = struct.pack("<I60x", 64) + struct.pack("<4I48x", 0, 1, 0, 1)
        payload, checksum = recrc(head.replace(struct.pack("<II", 64, 64), struct.pack("<II", 128, 128)) + rows)
        _, audit = self.read(endless, payload, checksum, 1)
        self.assertEqual([finding.code for finding in audit], ["HY0306"])
        wide = ("unit",)
        for i in range(16):
            wide = ("struct", f"W{i}", (("a", ("box", wide)), ("b", ("box", wide)))) if i else ("tuple", "unit")
        for heap, codes in ((1 << 20, ["HY0306"]), (64, ["HY0306"])):
            head = struct.pack("<4I48x", 64, 0, heap, 0)
            self.assertEqual([finding.code for finding in self.read(schema_of(wide), head, crc(head), 1)[1]], codes, heap)
        many = struct.pack("<4I48x", 128, 1, 100, 0) + struct.pack("<4B7I32x", 0, 0, 0, 0, 128, 8, 8, 1, 0, 0, 0)
        payload, checksum = recrc(many + struct.pack("<II", 0, 2**32 - 1))
        _, audit = self.read(schema_of(("list", "unit")), payload, checksum, 1)
        self.assertEqual([finding.code for finding in audit], ["HY0306"])


class Hostile(ColumnCase):
    """Whatever the bytes are, there are values or findings, and nothing is raised but a Fault."""

    def samples(self):
        for name in ("an absent struct", "strings", "maps", "enums", "recursive types inside", "arrays", "scalars", "boxes"):
            schema = schema_of(KINDS[name])
            for seed in range(2):
                rng = random.Random(f"{name} {seed}")
                values = Values(schema, rng, few=True)
                records = [values.value(schema.root) for _ in range(6)]
                options = [lambda _, p: rng.choice(sorted(p)), lambda s, _: ("zstd", PLAIN)]
                yield schema, records, Columns(schema, records, options[seed], rng), rng

    def test_every_cut(self):
        for schema, records, columns, _ in self.samples():
            payload, checksum = columns.payload()
            for length in range(len(payload)):
                for data, again in ((payload[:length], checksum), recrc(payload[:length])):
                    found, audit = self.read(schema, data, again, len(records))
                    self.assertTrue(audit)
                    self.assertEqual(found, [])

    def test_streams_that_are_cut(self):
        for schema, records, columns, _ in self.samples():
            for stream in columns.streams:
                whole = stream.stored
                for length in range(len(whole)):
                    stream.stored = whole[:length]
                    found, audit = self.read(schema, *columns.payload(), len(records))
                    self.assertTrue(audit and not found, (stream.what, stream.encoding, length))
                stream.stored = whole

    def test_flipped_bits(self):
        caught = set()
        for schema, records, columns, rng in self.samples():
            payload, checksum = columns.payload()
            for _ in range(500):
                data = bytearray(payload)
                for _ in range(rng.choice((1, 1, 2, 8))):
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                self.assertTrue(self.read(schema, bytes(data), checksum, len(records))[1])
                found, audit = self.read(schema, *recrc(data), len(records))
                caught |= {finding.code for finding in audit}
                if not audit:
                    self.assertEqual(len(found), len(records))
        self.assertTrue({"HY0203", "HY0205", "HY0301", "HY0304", "HY0306"} <= caught, caught)

    def test_other_counts(self):
        for schema, records, columns, _ in self.samples():
            for count in (1, len(records) + 1, 2**32 - 1):
                found, audit = self.read(schema, *columns.payload(), count)
                self.assertTrue(audit and not found)

    def test_random_bytes_in_every_encoding(self):
        rng = random.Random(5)
        for _ in range(3000):
            what, width = rng.choice((("values", 1), ("values", 4), ("values", 16), ("floats", 4), ("floats", 8)))
            stored = Stored(rng.randbytes(rng.randrange(60)), [].append)
            try:
                if what == "values":
                    decode(rng.randrange(1, 5), stored, rng.randrange(40), width)
                else:
                    decimals(rng.randrange(5, 7), rng.randrange(30), stored, rng.randrange(40), width)
            except Fault as fault:
                self.assertIn("M7.3", fault.what)
            try:
                decompress(struct.pack("<I", 0xFD2FB528) + rng.randbytes(rng.randrange(12)), rng.randrange(300), rng.random() < 0.5)
            except Fault as fault:
                self.assertIn("M7.5-1", fault.what)

    def test_flipped_bits_in_a_file(self):
        schema = schema_of(KINDS["an absent struct"])
        values = Values(schema, random.Random(8), few=True)
        records = [values.value(schema.root) for _ in range(8)]
        builder = Builder()
        builder.closed = 0
        builder.schema(1, "T", schema.core)
        builder.data(1, Columns(schema, records).payload(), 8, schema.root.size, layout=1)
        good = builder.file()
        self.assertEqual(self.codes(good), [])
        for at in range(builder.entries[0][1], len(good), 3):
            data = bytearray(good)
            data[at] ^= 1 << at % 8
            self.assertTrue(self.codes(bytes(data)), at)


if __name__ == "__main__":
    unittest.main()
