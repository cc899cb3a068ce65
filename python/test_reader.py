"""Tests of the independent reader. The files are built here, byte by byte, from docs/FORMAT.md."""

import io
import random
import struct
import sys
import tempfile
import unittest
import zlib
from itertools import takewhile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.setrecursionlimit(50_000)

import hydra_reader  # noqa: E402
from reader import text  # noqa: E402
from reader.check import Check  # noqa: E402
from reader.common import Fault, crc, fnv, up  # noqa: E402
from reader.contents import Contents, metadata_schema  # noqa: E402
from reader.file import Hydra  # noqa: E402
from reader.payload import Payload  # noqa: E402
from reader.schema import Schema  # noqa: E402

FILE_ID = bytes(range(16))


# -- A small writer, of the spec and nothing else ---------------------------------------------------------


def string(value, width=2):
    return len(value.encode()).to_bytes(width, "little") + value.encode()


def type_entry(kind, size, align, body=b"", flags=0, form=0, exponent=0):
    raw = struct.pack("<BBBbII", kind, flags, form, exponent, size, align) + body
    return struct.pack("<I", len(raw)) + raw


def core(*types):
    return struct.pack("<HHI", 1, 0, len(types)) + b"".join(types)


def fields(*items):
    return struct.pack("<H", len(items)) + b"".join(string(n) + struct.pack("<II", t, o) for n, t, o in items)


def struct_body(name, *items, args=()):
    """Arguments are indices of types, or pairs of a kind and the bytes of a constant."""
    arguments = (bytes([a[0]]) + a[1] if isinstance(a, tuple) else struct.pack("<BI", 0, a) for a in args)
    return string(name) + struct.pack("<H", len(args)) + b"".join(arguments) + fields(*items)


def enum_body(name, tag_kind, *variants):
    body = string(name) + struct.pack("<HBH", 0, tag_kind, len(variants))
    for variant_name, tag, style, items in variants:
        body += string(variant_name) + tag.to_bytes(16, "little", signed=True) + bytes([style]) + fields(*items)
    return body


U8, U16, U32, U64 = (type_entry(k, w, w) for k, w in ((9, 1), (10, 2), (11, 4), (12, 8)))
I64, F64, STRING, BYTES = type_entry(7, 8, 8), type_entry(15, 8, 8), type_entry(16, 8, 4), type_entry(17, 8, 4)


def regions(records, heap=b"", text_bytes=b""):
    """A payload and its text offset."""
    data = records.ljust(up(len(records), 64), b"\0") + heap
    data = data.ljust(up(len(data), 64), b"\0")
    return data + text_bytes, len(data)


class Builder:
    """Blocks one after the other, then the header region that commits them."""

    def __init__(self):
        self.blocks, self.offset, self.before = b"", 8192, None
        self.newest, self.count, self.records, self.entries, self.schemas = {}, 0, 0, [], []
        self.closed = 1

    def block(self, kind, payload=b"", schema_id=0, first=0, count=0, stride=0, text_offset=0, epoch=1, flags=0,
              layout=0, lines=None):
        lines = lines or up(64 + len(payload), 64) // 64
        distance = (self.offset - self.before) // 64 if self.before else 0
        sync = struct.unpack("<Q", FILE_ID[:8])[0] ^ self.offset
        raw = struct.pack("<4s4BIIQQ6I", b"HBLK", kind, flags, layout, 0, lines, schema_id, sync, first, count, stride,
                          distance, len(payload), epoch, text_offset) + struct.pack("<I", zlib.crc32(payload))
        raw += struct.pack("<I", zlib.crc32(raw))
        self.blocks += raw + payload.ljust(lines * 64 - 64, b"\0")
        self.before, self.count = self.offset, self.count + 1
        self.newest[kind] = self.offset
        self.offset += lines * 64
        return self.before, lines

    def schema(self, number, name, core_bytes, notes=b"\0\0\0\0", table=0):
        head = struct.pack("<QIIII", self.newest.get(1, 0), number, len(core_bytes), len(notes), 0)
        offset, lines = self.block(1, head + string(name) + core_bytes + notes)
        self.schemas = [s for s in self.schemas if s[0] != number] + [(number, table, offset, lines)]

    def data(self, schema_id, payload, count, stride, first=0, table=0, **options):
        offset, lines = self.block(2, payload[0], schema_id, first, count, stride, payload[1], **options)
        self.entries.append((table, offset, first, count, lines, schema_id))
        self.records += count

    def meta(self, records, heap, text_bytes):
        payload, text_offset = regions(records, heap, text_bytes)
        self.block(4, struct.pack("<QI52x", self.newest.get(4, 0), text_offset) + payload)

    def index(self, node=None):
        tables = sorted({entry[0] for entry in self.entries} | {schema[1] for schema in self.schemas})
        rows = b"".join(struct.pack("<QQQIIII", o, f, c, n, s, 0, 1) for _, o, f, c, n, s in sorted(self.entries))
        heads = b""
        at = 0
        for table in tables:
            mine = [entry for entry in self.entries if entry[0] == table]
            heads += struct.pack("<IIIIQQ", table, at, len(mine), 0, sum(e[3] for e in mine), len(mine))
            at += len(mine)
        heads += b"".join(struct.pack("<IIQII", *schema, 0) for schema in sorted(self.schemas))
        head = struct.pack("<QHHBBHIIII32x", self.newest.get(3, 0), 1, 40, 0, 0, 0, len(tables), len(self.schemas),
                           len(self.entries), 0)
        self.block(3, head + heads + rows)

    def record(self, sequence=1, epoch=1, synced=None, **changes):
        values = {"sequence": sequence, "committed": self.offset, "synced": synced or self.offset,
                  "last": self.before or 0, "directory": self.newest.get(3, 0), "schema": self.newest.get(1, 0),
                  "meta": self.newest.get(4, 0), "records": self.records, "blocks": self.count, "epoch": epoch,
                  "flags": self.closed}
        raw = struct.pack("<9QII44x", *(values | changes).values())
        return raw + struct.pack("<I", zlib.crc32(FILE_ID + raw))

    def file(self, slots=None, header=None, tail=b""):
        record = self.record()
        line = header or header_line()
        slots = slots or (record, record)
        pages = b"".join((line.ljust(512, b"\0") + slot).ljust(4096, b"\0") for slot in slots)
        return pages + self.blocks + tail


def header_line(major=0, incompat=0, read_only=0, compat=0):
    raw = struct.pack("<8sHHIQQQ16sI", bytes.fromhex("894859440d0a1a0a"), major, 1, 0, incompat, read_only, compat, FILE_ID, 0)
    return raw + struct.pack("<I", zlib.crc32(raw))


BIRD = core(
    type_entry(22, 32, 8, struct_body("Bird", ("id", 1, 0), ("name", 2, 4), ("mass", 3, 16))),
    U32, STRING, type_entry(18, 16, 8, struct.pack("<I", 4)), F64,
)


def bird_records():
    names = "Adelie", "Gentoo é"
    first = struct.pack("<IIIIBxxxxxxxd", 1, 0, 6, 0, 1, 3.75)
    second = struct.pack("<IIIIBxxxxxxxd", 2, 6, 9, 0, 0, 0.0)
    return regions(first + second, b"", "".join(names).encode())


def birds():
    builder = Builder()
    builder.schema(1, "Bird", BIRD)
    builder.data(1, bird_records(), 2, 32)
    builder.meta(struct.pack("<II", 0, 1), struct.pack("<IIII", 0, 3, 16, 4) + b"\1\2\3\4", b"key")
    builder.schema(1, "Bird", BIRD)
    builder.index()
    return builder


BIRDS_TEXT = '{"id":1,"name":"Adelie","mass":3.75}\n{"id":2,"name":"Gentoo é","mass":null}\n'


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def write(self, data, name="file.hydra"):
        path = Path(self.directory.name, name)
        path.write_bytes(data)
        return path

    def cat(self, data, table=None, form="ndjson"):
        out = io.StringIO()
        hydra_reader.cat(self.write(data), table, form, out)
        return out.getvalue()

    def codes(self, data):
        return [finding.code for finding in Check(self.write(data)).findings]

    def fails(self, code, function, *arguments):
        with self.assertRaises(Fault) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        return caught.exception


class WholeFile(Case):
    def test_a_file_is_read_and_sound(self):
        data = birds().file()
        self.assertEqual(self.cat(data), BIRDS_TEXT)
        self.assertEqual([str(f) for f in Check(self.write(data)).findings], [])
        contents = Contents(Hydra(self.write(data)))
        self.assertEqual(contents.metadata, [("key", b"\1\2\3\4")])
        json_text = self.cat(data, form="json")
        self.assertEqual(json_text, '{"version":1,"table":"Bird","records":[\n' + BIRDS_TEXT[:-1].replace("}\n", "},\n") + "\n]}\n")

    def test_an_empty_file_has_no_table(self):
        data = Builder().file()
        self.assertEqual(self.codes(data), [])
        self.fails("HY0403", self.cat, data)

    def test_inspect_names_table_schema_and_metadata(self):
        out = io.StringIO()
        hydra_reader.inspect(self.write(birds().file()), out)
        for expected in ("table Bird: 2 records in 1 blocks", "name: string,  // at 4", 'metadata "key"', "closed cleanly"):
            self.assertIn(expected, out.getvalue())

    def test_exit_codes_and_streams(self):
        path = str(self.write(birds().file()))
        old, sys.stdout = sys.stdout, io.StringIO()
        try:
            self.assertEqual([hydra_reader.main([c, path]) for c in ("cat", "inspect", "check")], [0, 0, 0])
            self.assertEqual(hydra_reader.main(["check", str(self.write(b"no", "no.hydra"))]), 4)
            old_error, sys.stderr = sys.stderr, io.StringIO()
            self.assertEqual(hydra_reader.main(["cat", str(self.write(b"no", "no.hydra"))]), 1)
            self.assertIn("error[HY0101]", sys.stderr.getvalue())
            sys.stderr = old_error
        finally:
            sys.stdout = old

    def test_golden_mode_compares_twins(self):
        self.write(birds().file(), "birds.hydra")
        out = io.StringIO()
        self.assertEqual(hydra_reader.golden(self.directory.name, out), 4)  # no twin
        self.write(BIRDS_TEXT.encode(), "birds.Bird.ndjson")
        self.assertEqual(hydra_reader.golden(self.directory.name, out), 0)
        self.write(BIRDS_TEXT.replace("3.75", "3.76").encode(), "birds.Bird.ndjson")
        self.assertEqual(hydra_reader.golden(self.directory.name, out), 4)
        self.assertIn("birds.Bird.ndjson, line 1", out.getvalue())
        self.assertEqual(hydra_reader.golden(self.directory.name, out, write=True), 0)
        self.assertEqual(Path(self.directory.name, "birds.Bird.ndjson").read_text(encoding="utf-8"), BIRDS_TEXT)

    def test_two_tables_are_told_apart(self):
        builder = birds()
        builder.schema(2, "Number", core(U32), table=1)
        builder.data(2, regions(struct.pack("<III", 7, 8, 9)), 3, 4, table=1)
        builder.schema(1, "Bird", BIRD)
        builder.schema(2, "Number", core(U32), table=1)
        builder.index()
        data = builder.file()
        self.assertEqual(self.codes(data), [])
        self.assertEqual(self.cat(data, "Number"), "7\n8\n9\n")
        self.assertIn("Bird, Number", self.fails("HY0403", self.cat, data).what)


class Damage(Case):
    def test_every_flipped_byte_is_reported(self):
        good = birds().file()
        rng = random.Random(7)
        for at in range(len(good)):
            if 700 < at < 4090 or 4800 < at < 8190:
                if at % 97:
                    continue  # zeros of the header region: a sample
            data = bytearray(good)
            data[at] ^= 1 << rng.randrange(8)
            self.assertTrue(self.codes(bytes(data)), f"byte {at:#x}")

    def test_every_cut_is_reported(self):
        good = birds().file()
        for length in [*range(0, 8192, 509), *range(8192, len(good))]:
            self.assertTrue(self.codes(good[:length]), f"{length} bytes")

    def test_a_mangled_magic_is_named(self):
        good = birds().file()
        cases = {b"": "empty", good[:5]: "only 5 bytes", bytes([9]) + good[1:]: "7-bit", bytes(9000): "zeros",
                 good.replace(b"\r\n", b"\n"): "CRLF became LF", good.replace(b"\n", b"\r\n"): "LF became CRLF",
                 good.decode("latin-1").encode(): "as UTF-8", b"x" * 9000: "it starts with 78"}
        for data, words in cases.items():
            self.assertIn(words, self.fails("HY0101", Hydra, self.write(data[:4096])).what)

    def test_other_versions_and_features(self):
        self.fails("HY0103", self.cat, birds().file(header=header_line(major=1)))
        self.fails("HY0103", self.cat, birds().file(header=header_line(incompat=1)))
        self.assertEqual(self.cat(birds().file(header=header_line(read_only=1, compat=1))), BIRDS_TEXT)

    def test_one_header_line_is_enough(self):
        good = birds().file()
        for at in (0, 4096):
            data = good[:at] + bytes(64) + good[at + 64:]
            self.assertEqual(self.cat(data), BIRDS_TEXT)
            self.assertEqual(self.codes(data)[0], "HY0102")
        self.fails("HY0102", self.cat, good[:9] + b"\1" + good[10:4105] + b"\1" + good[4106:])

    def test_records_after_a_damaged_block_are_found(self):
        builder = Builder()
        builder.schema(1, "N", core(U32))
        for i in range(4):
            builder.data(1, regions(struct.pack("<I", i)), 1, 4, first=i)
        builder.index()
        data = bytearray(builder.file())
        data[builder.entries[1][1] + 20] ^= 1
        contents = Contents(Hydra(self.write(bytes(data))), [].append)
        self.assertEqual([v for _, v in contents.records(contents.tables["N"])], [0, 2, 3])
        self.assertIn("HY0201", self.codes(bytes(data)))
        self.fails("HY0201", self.cat, bytes(data))

    def test_unsupported_is_not_damaged(self):
        builder = Builder()
        builder.schema(1, "N", core(U32))
        builder.data(1, regions(struct.pack("<I", 5)), 1, 4, layout=2)
        self.assertIn("HY0203", self.codes(builder.file()))
        builder = birds()
        builder.closed = 0
        builder.block(77, b"later")
        self.assertEqual(self.cat(builder.file()), BIRDS_TEXT)
        self.assertEqual(self.codes(builder.file()), [])

    def test_a_replacement_counts_and_must_match(self):
        for first, codes in ((0, []), (1, ["HY0206"])):
            builder = Builder()
            builder.closed = 0
            builder.schema(1, "N", core(U32))
            builder.data(1, regions(struct.pack("<II", 1, 2)), 2, 4)
            payload = regions(struct.pack("<II", 1, 9))
            builder.block(2, payload[0], 1, first, 2, 4, payload[1], flags=1)
            self.assertEqual(self.codes(builder.file()), codes)
        self.assertEqual(self.cat(builder.file()[:8192] and self.replaced()), "1\n9\n")

    @staticmethod
    def replaced():
        builder = Builder()
        builder.schema(1, "N", core(U32))
        builder.data(1, regions(struct.pack("<II", 1, 2)), 2, 4)
        payload = regions(struct.pack("<II", 1, 9))
        builder.block(2, payload[0], 1, 0, 2, 4, payload[1], flags=1)
        return builder.file()

    def test_pad_blocks_are_not_looked_into(self):
        builder = birds()
        builder.block(5, lines=40)
        start = len(builder.blocks) - 30 * 64
        builder.blocks = builder.blocks[:start] + b"\xaa" * 64 * 30
        builder.data(1, bird_records(), 2, 32, first=2)
        builder.schema(1, "Bird", BIRD)
        builder.index()
        self.assertEqual(self.codes(builder.file()), [])
        self.assertEqual(self.cat(builder.file()), BIRDS_TEXT * 2)

    def test_a_wrong_index_is_reported_and_not_believed(self):
        builder = birds()
        builder.entries[0] = builder.entries[0][:3] + (3,) + builder.entries[0][4:]
        builder.index()
        self.assertIn("HY0204", self.codes(builder.file()))
        self.assertEqual(self.cat(builder.file()), BIRDS_TEXT)

    def test_nodes_are_followed(self):
        builder = Builder()
        builder.closed = 0
        builder.schema(1, "N", core(U32))
        for i in range(3):
            builder.data(1, regions(struct.pack("<I", i)), 1, 4, first=i)
        rows = b"".join(struct.pack("<QQQIIII", o, f, c, n, 0 + s, 0, 1) for _, o, f, c, n, s in builder.entries[:2])
        node = struct.pack("<QHHBBHIIII32x", 0, 1, 40, 1, 0, 0, 0, 0, 2, 0) + rows
        offset, lines = builder.block(3, node)
        _, o, f, c, n, s = builder.entries[2]
        entries = struct.pack("<QQQIIII", offset, 0, 2, lines, 0, 1, 2) + struct.pack("<QQQIIII", o, f, c, n, s, 0, 1)
        tables = struct.pack("<IIIIQQ", 0, 0, 2, 0, 3, 3) + struct.pack("<IIQII", *builder.schemas[0], 0)
        for version, codes in ((1, []), (2, ["HY0203"])):
            attempt = Builder()
            attempt.__dict__.update(builder.__dict__, newest=dict(builder.newest))
            attempt.block(3, struct.pack("<QHHBBHIIII32x", offset, version, 40, 0, 0, 0, 1, 1, 2, 0) + tables + entries)
            self.assertEqual(self.codes(attempt.file()), codes)


class Commits(Case):
    """Two commits: birds, and then one more block under another epoch."""

    def build(self):
        builder = birds()
        first = builder.record(1)
        builder.data(1, bird_records(), 2, 32, first=2, epoch=2)
        builder.index_epoch = None
        return builder, first

    def test_the_newest_record_counts(self):
        builder, first = self.build()
        for slots in ((first, builder.record(2, 2)), (builder.record(2, 2), first)):
            self.assertEqual(self.cat(builder.file(slots)), BIRDS_TEXT * 2)

    def test_an_unsynced_commit_must_check(self):
        builder, first = self.build()
        synced = struct.unpack_from("<Q", first, 8)[0]
        data = builder.file((first, builder.record(2, 2, synced)))
        self.assertEqual(self.cat(data), BIRDS_TEXT * 2)
        for cut in (data[:-64], data[:-1], data[:-20] + b"\1" + data[-19:]):
            torn = self.cat(cut)
            self.assertIn(torn, (BIRDS_TEXT, BIRDS_TEXT * 2))
        self.assertEqual(self.cat(data[:-64]), BIRDS_TEXT)
        damaged = bytearray(data)
        damaged[builder.before + 64] ^= 1
        self.assertEqual(self.cat(bytes(damaged)), BIRDS_TEXT)
        wrong_epoch = builder.file((first, builder.record(2, 3, synced)))
        self.assertEqual(self.cat(wrong_epoch), BIRDS_TEXT)

    def test_damage_below_the_synced_length_never_goes_back(self):
        builder, first = self.build()
        data = bytearray(builder.file((first, builder.record(2, 2))))
        data[builder.before + 64] ^= 1
        self.fails("HY0202", self.cat, bytes(data))

    def test_equal_sequences_with_different_content_are_both_invalid(self):
        builder, first = self.build()
        self.fails("HY0105", self.cat, builder.file((first, builder.record(1, 2))))

    def test_an_invalid_slot_is_reported(self):
        builder = birds()
        data = builder.file((builder.record(), bytes(128)))
        self.assertEqual(self.cat(data), BIRDS_TEXT)
        self.assertEqual(self.codes(data), ["HY0105"])
        self.fails("HY0105", self.cat, builder.file((bytes(128), bytes(128))))
        bad = builder.record(last=64)
        self.fails("HY0105", self.cat, builder.file((bad, bad)))

    def test_an_uncommitted_tail_is_not_shown(self):
        builder, first = self.build()
        self.assertEqual(self.cat(builder.file((first, first))), BIRDS_TEXT)
        self.assertEqual(self.codes(builder.file((first, first), tail=b"x" * 100)), [])


class Schemas(Case):
    def bad(self, *types):
        self.fails("HY0401", Schema, core(*types))

    def test_spelling_and_fingerprint(self):
        self.assertEqual((crc(b"123456789"), fnv(b""), fnv(b"a")), (0xCBF43926, 0xCBF29CE484222325, 0xAF63DC4C8601EC8C))
        pair = Schema(core(type_entry(22, 16, 8, struct_body("Pair", ("a", 1, 0), ("b", 2, 8), args=(1, 2))), U64, STRING))
        self.assertEqual(pair.spell(pair.root), "Pair<u64,string>")
        def with_arguments(*args):
            return Schema(core(type_entry(22, 1, 1, struct_body("S", ("a", 1, 0), args=args)), U8))
        constants = [(2, b"\1"), (2, b"\0"), (3, struct.pack("<I", ord("ß"))), (3, struct.pack("<I", ord("'"))),
                     (3, b"\n\0\0\0"), (4, b"\xfe"), (8, b"\xff" * 16), (9, b"\xff"), (13, b"\xff" * 16)]
        every = with_arguments(1, *constants)
        self.assertEqual(every.spell(every.root), f"S<u8,true,false,'ß','\\u{{27}}','\\u{{a}}',-2,-1,255,{2**128 - 1}>")
        self.assertIsNone(every.canonical_problem())
        four, eight = (with_arguments((12, struct.pack("<Q", count))) for count in (4, 8))
        self.assertNotEqual(four.fingerprint(), eight.fingerprint())
        self.assertEqual(four.layout_fingerprint(), eight.layout_fingerprint())
        for kind, value in [(1, b"\0"), (2, b"\2"), (3, struct.pack("<I", 0xD800)), (3, struct.pack("<I", 0x110000)),
                            (14, bytes(4)), (16, bytes(8)), (29, bytes(8)), (9, b"\0\0"), (10, b"\0")]:
            self.fails("HY0401", with_arguments, (kind, value))
        nested = Schema(core(type_entry(24, 8, 4, struct.pack("<II", 1, 2)), STRING,
                             type_entry(21, 4, 4, struct.pack("<HII", 1, 3, 0)), type_entry(11, 4, 4, flags=1)))
        self.assertEqual(nested.spell(nested.root), "map<string,(nonzero<u32>,)>")
        self.assertIsNone(nested.canonical_problem())

    def test_hostile_schemas_are_refused(self):
        self.fails("HY0401", Schema, b"")
        self.fails("HY0401", Schema, core())
        self.fails("HY0401", Schema, struct.pack("<HHI", 1, 0, 2**31))
        self.bad(type_entry(19, 8, 4, struct.pack("<I", 1)))  # no type 1
        self.fails("HY0103", Schema, core(type_entry(99, 8, 4)))
        self.fails("HY0103", Schema, core(type_entry(29, 8, 4)))
        self.bad(type_entry(11, 4, 2))  # alignment of u32
        self.bad(type_entry(18, 8, 4, struct.pack("<I", 0)))  # option of itself
        self.bad(type_entry(20, 1 << 31, 1, struct.pack("<IQ", 1, 1 << 31)), U8)  # stride
        self.bad(type_entry(22, 8, 4, struct_body("S", ("a", 1, 4))), U32)  # offset
        self.bad(type_entry(22, 8, 4, struct_body("S", ("a", 1, 0), ("a", 1, 4))), U32)  # names
        self.bad(type_entry(22, 4, 4, struct_body("S", ("", 1, 0))), U32)
        self.bad(type_entry(22, 4, 3, struct_body("S", ("a", 1, 0))), U32)
        self.bad(type_entry(25, 8, 4, struct.pack("<I", 1)), F64)  # a float as key
        self.bad(type_entry(15, 8, 8, flags=1))  # a nonzero float
        self.bad(type_entry(23, 1, 1, enum_body("E", 9, ("A", 0, 0, []), ("B", 0, 0, []))))
        self.bad(type_entry(23, 1, 1, enum_body("E", 9, ("A", 256, 0, []))))
        self.bad(type_entry(23, 1, 1, enum_body("E", 16, ("A", 0, 0, []))))

    def test_inline_nesting_is_limited(self):
        def nested(depth):
            options = [type_entry(18, depth - i, 1, struct.pack("<I", i + 1)) for i in range(depth - 1)]
            return core(*options, U8)
        Schema(nested(32))
        self.fails("HY0401", Schema, nested(33))

    def test_a_form_that_is_not_canonical_is_reported(self):
        swapped = Schema(core(type_entry(21, 12, 4, struct.pack("<HIIII", 2, 2, 0, 1, 4)), STRING, U32))
        self.assertIsNotNone(swapped.canonical_problem())
        twice = Schema(core(type_entry(21, 8, 4, struct.pack("<HIIII", 2, 1, 0, 2, 4)), U32, U32))
        self.assertIsNotNone(twice.canonical_problem())
        self.assertIsNone(Schema(BIRD).canonical_problem())

    def test_a_spelling_ends(self):
        endless = Schema(core(type_entry(22, 1, 1, struct_body("S", args=(0, 0)))))
        self.assertEqual(len(endless.spell(endless.root).encode()), 1024 + 3)

    def test_notes_are_parsed(self):
        note = struct.pack("<IHHB", 0, 0, 1, 1) + string("the id", 4)
        notes = struct.pack("<I", 1) + struct.pack("<I", len(note)) + note
        self.assertEqual(Schema(BIRD, notes).notes, [(0, 0, 1, 1, "the id")])
        for place in ((9, 0, 0), (0, 1, 0), (0, 0, 9)):
            note = struct.pack("<IHHB", *place, 9)
            self.fails("HY0401", Schema, BIRD, struct.pack("<II", 1, len(note)) + note)
        self.fails("HY0401", Schema, BIRD, notes + b"x")
        self.fails("HY0401", Schema, BIRD, struct.pack("<I", 9))


class Payloads(Case):
    def decode(self, schema, payload, count=1, audit=None):
        return list(Payload(Schema(schema), *(payload[0], count, payload[1]), audit=audit).records())

    def text(self, schema, payload, count=1):
        checked = Schema(schema)
        audit = []
        values = list(Payload(checked, payload[0], count, payload[1], audit=audit).records())
        self.assertEqual([str(finding) for finding in audit], [])
        return [text.Json(checked).text(checked.root, value) for value in values]

    def refuse(self, code, schema, payload, count=1):
        self.fails(code, self.decode, schema, payload, count)

    def scalar(self, entry, raw):
        return self.text(core(entry), regions(raw))[0]

    def test_scalars(self):
        self.assertEqual(self.scalar(type_entry(1, 1, 1), b"\0"), "null")
        self.assertEqual(self.scalar(type_entry(2, 1, 1), b"\1"), "true")
        self.assertEqual(self.scalar(type_entry(3, 4, 4), struct.pack("<I", 0x1F427)), '"\U0001F427"')
        self.assertEqual(self.scalar(type_entry(4, 1, 1), b"\x80"), "-128")
        self.assertEqual(self.scalar(U64, b"\xff" * 8), str(2**64 - 1))
        self.assertEqual(self.scalar(type_entry(8, 16, 16), bytes(15) + b"\x80"), f'"{-2**127}"')
        self.assertEqual(self.scalar(type_entry(14, 4, 4), struct.pack("<f", 0.1)), "0.1")
        self.assertEqual(self.scalar(F64, struct.pack("<Q", 0x7FF8000000000001)), '"NaN"')
        for code, entry, raw in (("HY0301", type_entry(2, 1, 1), b"\2"), ("HY0301", type_entry(3, 4, 4), b"\0\xd8\0\0"),
                                 ("HY0301", type_entry(11, 4, 4, flags=1), bytes(4))):
            self.refuse(code, core(entry), regions(raw))

    def test_forms(self):
        nanoseconds = 1704164645123456789
        self.assertEqual(self.scalar(type_entry(7, 8, 8, form=1, exponent=-9), struct.pack("<q", nanoseconds)),
                         '"2024-01-02T03:04:05.123456789Z"')
        self.assertEqual(self.scalar(type_entry(12, 8, 8, form=2, exponent=-3), struct.pack("<Q", 1500)), '"1.5s"')
        self.assertEqual(self.scalar(type_entry(6, 4, 4, form=3), struct.pack("<i", 19724)), '"2024-01-02"')
        self.assertEqual(self.scalar(type_entry(7, 8, 8, form=5, exponent=-2), struct.pack("<q", -5)), '"-0.05"')
        for entry in (type_entry(9, 1, 1, form=1), type_entry(6, 4, 4, form=3, exponent=1), type_entry(7, 8, 8, exponent=1)):
            self.fails("HY0401", Schema, core(entry))
        self.assertEqual(self.scalar(type_entry(7, 8, 8, form=99), struct.pack("<q", 3)), "3")
        uuid = core(type_entry(20, 16, 1, struct.pack("<IQ", 1, 16), form=4), U8)
        self.assertEqual(self.text(uuid, regions(bytes(range(16)))), ['"00010203-0405-0607-0809-0a0b0c0d0e0f"'])
        far = (10**9 << 63).to_bytes(16, "little", signed=True)
        self.refuse("HY0301", core(type_entry(8, 16, 16, form=1, exponent=-9)), regions(far))

    def test_options_and_padding(self):
        option = core(type_entry(18, 8, 4, struct.pack("<I", 1)), U32)
        self.assertEqual(self.text(option, regions(bytes(8) + struct.pack("<BxxxI", 1, 5)), 2), ["null", "5"])
        self.refuse("HY0301", option, regions(b"\2" + bytes(7)))
        for raw in (b"\0\0\0\0\1\0\0\0", b"\1\1\0\0\5\0\0\0"):
            audit = []
            self.decode(option, regions(raw), audit=audit)
            self.assertEqual([finding.code for finding in audit], ["HY0205"])

    def test_products_and_enums(self):
        shape = core(
            type_entry(23, 16, 8, enum_body("Shape", 9, ("Circle", 1, 2, [("r", 1, 8)]), ("Pair", 2, 1, [("0", 2, 1), ("1", 3, 4)]),
                                            ("One", 3, 1, [("0", 2, 1)]), ("Empty", 7, 0, []))), F64, U8, U32)
        self.fails("HY0401", Schema, shape)  # fields of every variant start at the widest alignment
        shape = core(
            type_entry(23, 16, 8, enum_body("Shape", 9, ("Circle", 1, 2, [("r", 1, 8)]), ("Pair", 2, 1, [("0", 2, 8), ("1", 3, 12)]),
                                            ("One", 3, 1, [("0", 2, 8)]), ("Empty", 7, 0, []))), F64, U8, U32)
        raw = struct.pack("<B7xd", 1, 1.5) + struct.pack("<B7xB3xI", 2, 3, 4) + struct.pack("<B7xB7x", 3, 9) + b"\7" + bytes(15)
        self.assertEqual(self.text(shape, regions(raw), 4), ['{"Circle":{"r":1.5}}', '{"Pair":[3,4]}', '{"One":[9]}', '"Empty"'])
        self.refuse("HY0301", shape, regions(b"\5" + bytes(15)))
        point = core(type_entry(22, 8, 4, struct_body("P", ("0", 1, 0), ("1", 1, 4))), U32)
        self.assertEqual(self.text(point, regions(struct.pack("<II", 1, 2))), ["[1,2]"])
        self.assertEqual(self.text(core(type_entry(22, 1, 1, struct_body("Unit"))), regions(b"\0")), ["{}"])
        wrapped = core(type_entry(26, 4, 4, string("Id") + struct.pack("<HI", 0, 1)), U32)
        self.assertEqual(self.text(wrapped, regions(struct.pack("<I", 7))), ["7"])

    def test_lists_are_in_canonical_order(self):
        lists = core(type_entry(19, 8, 4, struct.pack("<I", 1)), type_entry(19, 8, 4, struct.pack("<I", 2)), U16)
        heap = struct.pack("<IIII", 16, 2, 20, 1) + struct.pack("<HHH", 1, 2, 3)
        self.assertEqual(self.text(lists, regions(struct.pack("<II", 0, 2), heap)), ["[[1,2],[3]]"])
        swapped = struct.pack("<IIII", 18, 2, 16, 1) + struct.pack("<HHH", 3, 1, 2)
        self.refuse("HY0302", lists, regions(struct.pack("<II", 0, 2), swapped))
        overlapping = struct.pack("<IIII", 16, 2, 18, 1) + struct.pack("<HHH", 1, 2, 3)
        self.refuse("HY0302", lists, regions(struct.pack("<II", 0, 2), overlapping))
        self.refuse("HY0302", lists, regions(struct.pack("<II", 0, 2), struct.pack("<IIII", 17, 2, 21, 1) + bytes(8)))
        self.refuse("HY0302", lists, regions(struct.pack("<II", 0, 2**32 - 1), heap))
        self.refuse("HY0302", lists, regions(struct.pack("<II", 8, 0), heap))
        audit = []
        gap = struct.pack("<IIII", 16, 2, 24, 1) + struct.pack("<HHHHH", 1, 2, 0, 0, 3)
        self.assertEqual(self.decode(lists, regions(struct.pack("<II", 0, 2), gap), audit=audit), [[[1, 2], [3]]])
        self.assertEqual([finding.code for finding in audit], ["HY0205"])

    def test_text_is_utf8_and_in_order(self):
        names = core(type_entry(21, 16, 4, struct.pack("<HIIII", 2, 1, 0, 1, 8)), STRING)
        def two(a, b, data):
            return regions(struct.pack("<IIII", *a, *b), b"", data)
        self.assertEqual(self.text(names, two((0, 2), (2, 1), "éa".encode())), ['["é","a"]'])
        self.refuse("HY0303", names, two((0, 1), (1, 1), b"\xff\xff"))
        self.refuse("HY0303", names, two((0, 1), (1, 2), "éa".encode()))
        self.refuse("HY0302", names, two((2, 1), (0, 2), "éa".encode()))
        self.refuse("HY0302", names, two((0, 2), (2, 9), "éa".encode()))

    def test_keys_are_strictly_ascending(self):
        numbers = core(type_entry(25, 8, 4, struct.pack("<I", 1)), type_entry(5, 2, 2))
        self.assertEqual(self.text(numbers, regions(struct.pack("<II", 0, 3), struct.pack("<hhh", -5, 0, 3))), ["[-5,0,3]"])
        self.refuse("HY0304", numbers, regions(struct.pack("<II", 0, 2), struct.pack("<hh", 3, -5)))
        self.refuse("HY0304", numbers, regions(struct.pack("<II", 0, 2), struct.pack("<hh", 3, 3)))
        entries = core(type_entry(24, 8, 4, struct.pack("<II", 1, 2)), U8, U32)
        heap = struct.pack("<BxxxIBxxxI", 1, 10, 2, 20)
        self.assertEqual(self.text(entries, regions(struct.pack("<II", 0, 2), heap)), ["[[1,10],[2,20]]"])
        words = core(type_entry(24, 8, 4, struct.pack("<II", 1, 2)), STRING, U32)
        heap = struct.pack("<IIIIII", 0, 1, 1, 1, 2, 2)
        self.assertEqual(self.text(words, regions(struct.pack("<II", 0, 2), heap, "zé".encode())), ['{"z":1,"é":2}'])

    def test_depth_is_limited(self):
        nested = core(type_entry(22, 8, 4, struct_body("N", ("next", 1, 0))), type_entry(19, 8, 4, struct.pack("<I", 0)))
        def chain(depth):
            heap = b"".join(struct.pack("<II", i * 8 + 8, 1) for i in range(depth - 1)) + bytes(8)
            return regions(struct.pack("<II", 0, 1), heap)
        self.decode(nested, chain(64))
        self.refuse("HY0305", nested, chain(65))
        boxed = core(type_entry(27, 8, 4, struct.pack("<I", 1)), U8)
        self.assertEqual(self.text(boxed, regions(struct.pack("<II", 0, 1), b"\7")), ["7"])
        self.refuse("HY0302", boxed, regions(bytes(8)))

    def test_bytes_are_base64_and_the_text_offset_is_checked(self):
        self.assertEqual(self.text(core(BYTES), regions(struct.pack("<II", 0, 3), b"\0\1\2")), ['"AAEC"'])
        payload, _ = regions(struct.pack("<II", 0, 3), b"\0\1\2")
        for offset in (0, 1, 65, 192):
            self.refuse("HY0201", core(BYTES), (payload, offset))

    def test_the_schema_of_metadata(self):
        self.assertEqual(metadata_schema().spell(metadata_schema().root), "map<string,bytes>")
        self.assertIsNone(metadata_schema().canonical_problem())


class Document(Case):
    """What docs/FORMAT.md shows in bytes."""

    @staticmethod
    def section(number):
        page = (Path(__file__).parent.parent / "docs" / "FORMAT.md").read_text(encoding="utf-8")
        return page.split(f"\n## {number} ")[1].split("\n## ")[0]

    def vectors(self):
        found, name = {}, ""
        for line in self.section(15).splitlines():
            if line.startswith("      "):
                word, _, digits = line[6:].partition(" ")
                facts = found[name]
                facts[word or list(facts)[-1]] = facts.get(word or list(facts)[-1], "") + digits.replace(" ", "")
            elif line.startswith("    "):
                name = line[4:]
                found[name] = {}
        return found

    def test_the_vectors(self):
        seen = 0
        for name, facts in self.vectors().items():
            if "core" in facts:
                schema = Schema(bytes.fromhex(facts["core"]))
                self.assertEqual(schema.spell(schema.root), name)
                self.assertIsNone(schema.canonical_problem())
                self.assertEqual(f"{schema.fingerprint():016x}", facts["schema"], name)
                self.assertEqual(f"{schema.layout_fingerprint():016x}", facts["layout"], name)
                seen += 1
        self.assertGreater(seen, 5)

    def rows(self, heading):
        table = self.section(15).split(f"\n| {heading} |")[1].splitlines()[2:]
        return [[cell.strip("` ") for cell in row.strip("|").split(" | ")] for row in takewhile(lambda row: row, table)]

    def test_the_forms(self):
        kinds = {"timestamp": (8, 1), "duration": (8, 2), "date": (6, 3), "decimal": (8, 5)}
        rows = self.rows("form")
        for spelling, shown, digits in rows:
            name, data = spelling.split("<")[0], bytes.fromhex(digits)
            if name == "uuid":
                schema = Schema(core(type_entry(20, 16, 1, struct.pack("<IQ", 1, 16), form=4), U8))
            else:
                kind, form = kinds[name]
                exponent = 0 if name == "date" else -2 if shown == "12.50" else -9
                schema = Schema(core(type_entry(kind, len(data), len(data), form=form, exponent=exponent)))
            self.assertEqual(schema.spell(schema.root), spelling)
            self.assertEqual(self.texts(schema, data), [f'"{shown}"'])
        self.assertEqual(len(rows), 9)

    def test_opaque_values(self):
        """5.7, read by what its table says and nothing else."""
        def number(data, width):
            return int.from_bytes(data[:width], "little"), data[width:]
        def word(data):
            length, data = number(data, 8)
            return data[:length].decode(), data[length:]
        def extra(data):
            variant, data = number(data, 4)
            if variant == 1:
                note, data = word(data)
                return f'Extra::Note("{note}".into())', data
            if variant == 2:
                first, some, rest = int.from_bytes(data[:2], "little", signed=True), data[2], data[3:]
                size = 2 if some and rest[0] >= 0xC0 else some
                return f"Extra::Pair({first}, {'Some(' + repr(rest[:size].decode()) + ')' if some else None})", rest[size:]
            if variant == 4:
                inner, data = extra(data)
                return f"Extra::Nested(Box::new({inner}))", data
            return "Extra::Nothing", data
        rows = dict(self.rows("serde value"))
        read = {name: extra(bytes.fromhex(digits)) for name, digits in rows.items() if name.startswith("Extra::")}
        self.assertEqual(read, {name: (name, b"") for name in read})
        self.assertEqual(word(bytes.fromhex(rows['"ab"'])), ("ab", b""))
        count, elements = number(bytes.fromhex(rows["vec![3u8, 4]"]), 8)
        self.assertEqual((len(read), count, list(elements)), (4, 2, [3, 4]))
        schema = Schema(core(type_entry(28, 8, 4)))
        self.assertEqual(self.texts(schema, *regions(struct.pack("<II", 0, 3), b"\0\1\2")), ['"AAEC"'])

    @staticmethod
    def texts(schema, payload, offset=None):
        padded = payload if offset else payload.ljust(64, b"\0")
        json = text.Json(schema)
        return [json.text(schema.root, value) for value in Payload(schema, padded, 1, offset or 64).records()]

    def test_the_value_image(self):
        facts = self.vectors()['(7, ["a", "bc"]) as (u8,list<string>)']
        data = bytes.fromhex("".join(facts.values()))
        schema = Schema(core(type_entry(21, 12, 4, struct.pack("<HIIII", 2, 1, 0, 2, 4)), U8,
                             type_entry(19, 8, 4, struct.pack("<I", 3)), STRING))
        magic, flags, fingerprint, length, text_offset, checksum = struct.unpack_from("<4sIQIII", data)
        self.assertEqual((magic, flags, fingerprint, length, checksum), (b"HVAL", 0, schema.fingerprint(), len(data) - 64, 0))
        audit = []
        values = list(Payload(schema, data[64:], 1, text_offset, audit=audit).records())
        self.assertEqual((values, audit), ([[7, ["a", "bc"]]], []))

    def test_the_worked_example(self):
        rows = [line[6:].split() for line in self.section(14).splitlines() if line.startswith("    0x")]
        parts = {}
        for offset, *words in rows:
            digits = []
            for word in words:
                if len(word) != 2 or not all(c in "0123456789abcdef" for c in word):
                    break
                digits.append(word)
            parts[int(offset, 16)] = bytes.fromhex("".join(digits))
        data = bytearray(up(max(offset + len(part) for offset, part in parts.items()), 64))
        for offset, part in parts.items():
            data[offset:offset + len(part)] = part
        self.assertEqual([str(finding) for finding in Check(self.write(bytes(data))).findings], [])
        self.assertEqual(self.cat(bytes(data)), '{"celsius":21.5,"place":"Oslo"}\n{"celsius":-3.0,"place":"Nuuk"}\n')


class Text(unittest.TestCase):
    def test_floats(self):
        self.assertEqual([text.float_text(zero, False) for zero in (0.0, -0.0)], ["0.0", "-0.0"])
        cases = {1e15: "1000000000000000.0", 1e16: "1e+16", 1.5e16: "1.5e+16", 1e-5: "0.00001",
                 1e-6: "1e-6", 5e-324: "5e-324", -12345.678: "-12345.678", float("inf"): '"inf"', float("-inf"): '"-inf"'}
        for value, expected in cases.items():
            self.assertEqual(text.float_text(value, False), expected)
        singles = {0.1: "0.1", 16777216.0: "16777216.0", 1e12: "1000000000000.0", 1e13: "1e+13", 1e-6: "0.000001",
                   1.5e-7: "1.5e-7", 3.4028235e38: "3.4028235e+38", 1e-45: "1e-45", 2.0**-126: "1.1754944e-38"}
        for value, expected in singles.items():
            single = struct.unpack("<f", struct.pack("<f", value))[0]
            self.assertEqual(text.float_text(single, True), expected)

    def test_every_power_of_two_reads_back(self):
        for power in range(-149, 128):
            value = 2.0**power
            written = float(text.float_text(value, True))
            self.assertEqual(struct.pack("<f", written), struct.pack("<f", value), power)

    def test_times(self):
        self.assertEqual(text.timestamp_text(-1, -3), "1969-12-31T23:59:59.999Z")
        self.assertEqual(text.timestamp_text(1500, -3), "1970-01-01T00:00:01.500Z")
        self.assertEqual(text.timestamp_text(951782400, 0), "2000-02-29T00:00:00Z")
        self.assertEqual(text.timestamp_text(253402300800, 0), "253402300800s")
        self.assertEqual(text.timestamp_text(-62167219200, 0), "0000-01-01T00:00:00Z")
        self.assertEqual(text.timestamp_text(10**12 + 10, -12), "1970-01-01T00:00:01.00000000001Z")
        self.assertEqual([text.date_text(d) for d in (0, -719528, 2932896, 2932897)],
                         ["1970-01-01", "0000-01-01", "9999-12-31", "2932897d"])
        self.assertEqual([text.seconds_text(*a) for a in ((0, -9), (-2, 0), (15, -1), (3, 2))], ["0s", "-2s", "1.5s", "300s"])

    def test_escapes(self):
        self.assertEqual(text.quote('a"\\\b\f\n\r\t\x01\x7f/é'), '"a\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f/é"')


def load_tests(loader, tests, _pattern):
    """Adds the tests of columns, which use the writer of this module."""
    import test_columns
    return unittest.TestSuite((tests, loader.loadTestsFromModule(test_columns)))


if __name__ == "__main__":
    unittest.main()
