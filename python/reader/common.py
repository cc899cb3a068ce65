"""Shared by all modules: the numbers of the format, faults, checksums."""

import zlib

LINE = 64
HEADER_REGION = 8192
FILE_MAGIC = bytes.fromhex("894859440d0a1a0a")
BLOCK_MAGIC = b"HBLK"
MAX_BLOCK_BYTES = 256 << 20
MAX_SCHEMA_BYTES = 16 << 20
MAX_SIZE = 16 << 20
MAX_SPELLING = 1024
MAX_FIELDS, MAX_VARIANTS, MAX_NAME, MAX_ALIGN, MAX_INLINE, MAX_DEPTH = 4096, 65535, 255, 64, 32, 64
MAX_TYPES, MAX_NODE_ENTRIES, DIRECTORY_EVERY = 65535, 256, 1024

SCHEMA, DATA, INDEX, META, PAD = 1, 2, 3, 4, 5
ROWS, COLUMNS = 0, 1
BLOCK_KINDS = {SCHEMA: "SCHEMA", DATA: "DATA", INDEX: "INDEX", META: "META", PAD: "PAD"}

CODES = {
    "HY0002": "no such file", "HY0001": "the system reported an error",
    "HY0101": "not a Hydra file", "HY0102": "damaged file header", "HY0103": "made by a newer version",
    "HY0105": "damaged commit record", "HY0106": "the file is cut short",
    "HY0201": "damaged block header", "HY0202": "payload checksum mismatch", "HY0203": "unsupported block",
    "HY0204": "damaged index", "HY0205": "not in canonical form", "HY0206": "blocks do not follow one another",
    "HY0301": "invalid value", "HY0302": "invalid reference", "HY0303": "invalid UTF-8",
    "HY0304": "keys out of order", "HY0305": "nested too deep", "HY0306": "invalid columns",
    "HY0401": "invalid schema", "HY0402": "the type is not the table's", "HY0403": "no such table", "HY0506": "too large",
}


# 1.3: the codes that make a file irregular or unsupported; every other code makes it damaged.
IRREGULAR, UNSUPPORTED = ("HY0205", "HY0402"), ("HY0103", "HY0203")


def verdict(codes, opened):
    """1.3: the verdict on a file with these findings."""
    if not codes:
        return "good"
    if not opened:
        return "unsupported" if codes[0] in UNSUPPORTED else "refused"
    if any(code not in IRREGULAR + UNSUPPORTED for code in codes):
        return "damaged"
    return "unsupported" if any(code in UNSUPPORTED for code in codes) else "irregular"


def nonzero(data):
    """The position of the first byte that is not zero; None if all are."""
    return next((at for at, byte in enumerate(data) if byte), None)


class Fault(Exception):
    """A problem: the message, the place, what was expected and what was found."""

    def __init__(self, code, what="", offset=None, place=None, path=None, expected=None, found=None):
        super().__init__(code)
        self.code, self.what, self.offset, self.place, self.path = code, what, offset, place, path
        self.expected, self.found, self.file = expected, found, None
        self.of_values = False  # of columns: about the values of records, and not about the bytes of a stream

    def __str__(self):
        text = f"error[{self.code}]: {CODES[self.code]}" + (f": {self.what}" if self.what else "")
        where = [] if self.offset is None else [f"@ 0x{self.offset:x}"]
        where += [part for part in (self.place, self.path and f"at {self.path}") if part]
        if self.file or where:
            text += f"\n  --> {self.file or ''} {', '.join(where)}".rstrip()
        facts = [f"{word} {fact}" for word, fact in (("expected", self.expected), ("found", self.found)) if fact is not None]
        return text + (": " + ", ".join(facts) if facts else "")


def crc(data):
    return zlib.crc32(data) & 0xFFFFFFFF


def up(value, alignment):
    return -(-value // alignment) * alignment


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value
