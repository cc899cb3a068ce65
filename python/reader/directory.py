"""Section 7.1: the directory of a block of columns."""

import struct

from .common import LINE, crc, nonzero, up
from .encodings import ALLOWED, broken
from .streams import ROWS, RUN, plan_of

STATISTICS = 0x1E  # the flags that say that there are some
MOST_BYTES, MOST_SMALL, MOST_FACTOR = 256 << 20, 16 << 20, 1024


class Entry:
    """7.1: the entry of a stream."""

    def __init__(self, raw):
        (self.encoding, self.parameter, self.flags, self.zero, self.offset, self.stored, self.plain, self.slots,
         self.absent, self.crc) = struct.unpack_from("<4B6I", raw)
        self.raw, self.compressed = raw, bool(self.flags & 1)

    def unknown(self, what):
        """M7.1-3: what is not in this version of the format, for a stream of bits, values, ..; None if nothing is."""
        if self.encoding not in ALLOWED[what]:
            return f"encoding {self.encoding} of {what}"
        if self.flags & 0xE0:
            return f"flags {self.flags:#x} of {what}"
        return None

    def untidy(self):
        """M1-2: the position of a byte that should be zero and is not."""
        used = {0, 2, *range(4, 28)} | ({1} if self.encoding in (5, 6) else set())
        used |= set(range(32, LINE)) if self.flags & STATISTICS else set()
        return next((at for at, byte in enumerate(self.raw) if byte and at not in used), None)


class Directory:
    """The directory of a block, checked at once; `unreadable` has the problems of streams that leave others readable."""

    def __init__(self, schema, data, count, checksum, base, place, audit):
        self.schema, self.data, self.count, self.audit = schema, data, count, audit
        self.base, self.place, self.plan, self.unreadable = base, place, plan_of(schema), {}
        self.entries = self.read(checksum)
        self.layout(LINE + LINE * len(self.entries))
        self.limits()
        self.zeros()
        self.streams()

    def fail(self, rule, what, **facts):
        """A problem of the block as a whole."""
        raise broken(rule, what, offset=self.base - LINE, place=self.place, **facts)

    def irregular(self, rule, what, at):
        if self.audit is not None:
            self.audit.append(broken(rule, what, offset=self.base + at, place=self.place))

    def read(self, checksum):
        streams, data = len(self.plan.streams), self.data
        if self.plan.too_many:
            self.fail("M7.1-1", "columns of a schema with more than 4,096 streams and boxes")
        if len(data) < LINE:
            self.fail("M7.1-1", "the payload is too short", found=str(len(data)))
        length, number, self.heap_bytes, self.text_bytes = struct.unpack_from("<4I", data)
        if (length, number) != (LINE + LINE * streams, streams) or length > len(data):
            self.fail("M7.1-1", "length and streams of the directory", expected=f"{LINE + LINE * streams} and {streams}",
                      found=f"{length} and {number}")
        if crc(data[:length]) != checksum:
            self.fail("M7.1-1", "the checksum of the directory", code="HY0202", expected=f"{checksum:#010x}", found=f"{crc(data[:length]):#010x}")
        return [Entry(data[at:at + LINE]) for at in range(LINE, length, LINE)]

    def layout(self, end):
        for i, entry in enumerate(self.entries):
            if entry.offset != up(end, LINE) or entry.stored > len(self.data) - entry.offset:
                self.fail("M7.1-2", f"the place of stream {i}", expected=f"{up(end, LINE)}, within the payload",
                          found=f"{entry.offset}, {entry.stored} bytes")
            first = nonzero(self.data[end:entry.offset])
            if first is not None:
                self.irregular("M1-2", "bytes between streams that are not zero", end + first)
            end = entry.offset + entry.stored
        if end != len(self.data):
            self.fail("M7.1-2", "the end of the last stream", expected=str(len(self.data)), found=str(end))

    def limits(self):
        most = min(MOST_BYTES, max(MOST_SMALL, MOST_FACTOR * len(self.data)))
        rows = self.count * self.schema.root.size + self.heap_bytes + self.text_bytes
        for what, found in (("plain bytes", sum(entry.plain for entry in self.entries)), ("bytes as rows", rows)):
            if found > most:
                self.fail("M7.1-4", f"{what} of columns", expected=f"at most {most}", found=str(found))

    def zeros(self):
        first = nonzero(self.data[16:LINE])
        if first is not None:
            self.irregular("M1-2", "bytes of the head that are not zero", 16 + first)
        for i, entry in enumerate(self.entries):
            if entry.untidy() is not None:
                self.irregular("M1-2", f"bytes of the entry of stream {i} that are not zero", LINE * (i + 1) + entry.untidy())

    def streams(self):
        """Finds the streams whose entry or checksum already tells that they cannot be read."""
        for number, (entry, what) in enumerate(zip(self.entries, self.plan.streams)):
            at = self.base + entry.offset
            unknown = entry.unknown(what)
            if crc(self.bytes(entry)) != entry.crc:
                self.unreadable[number] = broken("M7.1-5", f"the checksum of stream {number}", offset=at, place=self.place)
            elif unknown:
                self.unreadable[number] = broken("M7.1-3", f"stream {number}: {unknown}", offset=at, place=self.place)

    def bytes(self, entry):
        return self.data[entry.offset:entry.offset + entry.stored]
