"""Section 7.2: reads the streams of a block of columns."""

from .common import Fault, LINE, up
from .directory import Directory
from .encodings import CONSTANT, DICTIONARY, PLAIN, Stored, broken, constant_bits, decimals, decode, decompress
from .encodings import floats, indices, integers, words_count
from .payload import Payload, forbidden, is_scalar
from .schema import ARRAY, BOX, CHAR, ENUM, MAP, OPTION, STRING, WIDTHS
from .streams import BITS, CUTS, FLOATS, OFFSETS, ROWS, Slots, VALUES


class Columns(Directory):
    """The columns of a block, each the list of the values of the slots that are not absent, and without what is in them.

    A problem of a stream makes only what depends on it unreadable: `faults` has the problems, `lost` the nodes of the
    plan that cannot be read, `partial` those above them.
    """

    def __init__(self, schema, data, count, directory_crc, base=0, place=None, audit=None):
        super().__init__(schema, data, count, directory_crc, base, place, audit)
        self.faults, self.columns, self.lost, self.partial = list(self.unreadable.values()), {}, set(), set()
        if self.plan.root:
            self.load(self.plan.root, Slots.all(count))

    def load(self, node, slots):
        """Reads the streams of a node and of all below it. Returns whether all could be read."""
        try:
            below = self.own(node, slots)
        except Fault as fault:
            if fault.offset is None:
                fault.offset = self.base + (-LINE if fault.of_values else self.entries[self.reading].offset)
            fault.place = self.place
            fault.path = fault.path or node.path() or None
            if fault not in self.faults:
                self.faults.append(fault)
            self.lost.add(node)
            return False
        whole = [self.load(child, below(key)) for key, child in node.children.items()]
        if not all(whole):
            self.partial.add(node)
        return all(whole)

    def own(self, node, slots):
        """Reads the streams of a node itself. Returns the slots of each of its parts, by a function of the part's key."""
        ty, what = node.ty, node.streams[0][1] if node.streams else None
        if what == ROWS:
            self.columns[node] = self.rows(node, slots)
        elif what == OFFSETS:
            lengths = self.columns[node] = self.offsets(self.entry(node, 0, slots, 4 * (slots.total + 1)), slots)
            inner = self.schema.entry(ty)[1] if ty.kind == MAP else self.schema.types[ty.element].size
            self.fits(sum(lengths) * inner)
            return lambda _: Slots.all(sum(lengths))
        elif what == CUTS:
            self.columns[node] = self.strings(node, slots)
        elif what == BITS:
            self.columns[node] = self.bits(self.entry(node, 0, slots, (slots.total + 7) // 8), slots)
        elif what == FLOATS:
            self.columns[node] = self.floats(self.entry(node, 0, slots, slots.total * ty.size), slots, ty.size)
        elif ty.kind == ENUM:
            return self.tags(node, slots)
        elif what == VALUES:
            raw = self.values(self.entry(node, 0, slots, slots.total * ty.size), slots, ty.size)
            self.columns[node] = [self.allowed(ty, value) for value in raw]
        if ty.kind == OPTION and what == BITS:
            slots = slots.only(self.columns[node])
        if ty.kind == BOX and what != ROWS:
            self.fits(slots.present * self.schema.types[ty.element].size)
        return lambda _: slots.times(ty.count) if ty.kind == ARRAY else slots

    def fits(self, size):
        """A part of M7.1-6 that bounds the memory that is taken."""
        if size > self.heap_bytes:
            self.fail("M7.1-6", "elements that do not fit into the heap", expected=f"at least {size}", found=str(self.heap_bytes))

    def entry(self, node, which, slots, plain):
        """The entry and the bytes of a stream, which has so many slots and plain bytes (None: not known yet)."""
        number = self.reading = node.streams[which][0]
        entry = self.entries[number]
        if number in self.unreadable:
            raise self.unreadable[number]
        expected = slots.total, slots.total - slots.present, entry.plain if plain is None else plain
        if (entry.slots, entry.absent, entry.plain) != expected:
            raise broken("M7.2-4", "slots, absent slots and plain bytes", expected="{}, {}, {}".format(*expected),
                         found=f"{entry.slots}, {entry.absent}, {entry.plain}")
        data = self.bytes(entry)
        if entry.compressed:
            data = decompress(data, entry.plain, entry.encoding == PLAIN)
        return entry, Stored(data, self.noted(entry, node))

    def noted(self, entry, node):
        def note(fault):
            fault.offset, fault.place, fault.path = self.base + entry.offset, self.place, node.path() or None
            self.audit.append(fault)
        return note if self.audit is not None else None

    def bits(self, stream, slots):
        entry, stored = stream
        if entry.encoding == CONSTANT:
            values = constant_bits(stored, slots.present)
        else:
            data, values = stored.take((slots.total + 7) // 8), []
            for present, start, end in slots.places():
                number = int.from_bytes(data[start >> 3:end + 7 >> 3], "little") >> (start & 7)
                number &= (1 << end - start) - 1
                if present:
                    values += bools(number, end - start)
                elif number:
                    raise broken("M7.2-5", "an absent bit that is 1")
            if slots.total & 7 and data[-1] >> (slots.total & 7):
                stored.irregular("spare bits that are not zero")
        stored.end()
        return values

    def values(self, stream, slots, width):
        """The unsigned integers of the slots that are not absent."""
        entry, stored = stream
        if entry.encoding == PLAIN:
            values = []
            for present, start, end in slots.places():
                data = stored.take((end - start) * width)
                if present:
                    values += integers(data, width)
                elif any(data):
                    raise broken("M7.2-5", "an absent value that is not zero")
        else:
            values = decode(entry.encoding, stored, slots.present, width)
        stored.end()
        return values

    def floats(self, stream, slots, width):
        entry, stored = stream
        if entry.encoding <= DICTIONARY:
            return floats(self.values(stream, slots, width), width)
        values = decimals(entry.encoding, entry.parameter, stored, slots.present, width)
        stored.end()
        return values

    def allowed(self, ty, raw):
        """The value of an unsigned integer, which the type allows."""
        if ty.kind == CHAR:
            if not is_scalar(raw):
                raise broken("M5-1", "a char", expected="a Unicode scalar value", found=f"{raw:#x}")
            return chr(raw)
        value = signed(raw, ty.kind)
        problem = forbidden(ty, value)
        if problem:
            raise broken("M5.5", problem, found=str(value))
        return value

    def tags(self, node, slots):
        ty, width = node.ty, WIDTHS[node.ty.tag_kind]
        raw = self.values(self.entry(node, 0, slots, slots.total * width), slots, width)
        tags = [signed(value, ty.tag_kind) for value in raw]
        unknown = next((tag for tag in tags if tag not in ty.by_tag), None)
        if unknown is not None:
            raise broken("M5.3-1", f"a tag that {ty.name} does not have", found=str(unknown))
        variants = self.columns[node] = [ty.by_tag[tag] for tag in tags]
        counts = {}
        for variant in variants:
            counts[variant] = counts.get(variant, 0) + 1
        return lambda key: Slots.all(counts.get(key[0], 0))

    def offsets(self, stream, slots):
        """The lengths between the offsets of the slots that are not absent."""
        entry, stored = stream
        if entry.encoding != PLAIN:
            values = decode(entry.encoding, stored, slots.present + 1, 4)
            stored.end()
            return differences(values)
        values, lengths = stored.numbers(slots.total + 1, 4), []
        stored.end()
        every = differences(values)
        for present, start, end in slots.places():
            if present:
                lengths += every[start:end]
            elif values[start] != values[end]:
                raise broken("M7.2-5", "an absent slot that is not empty")
        return lengths

    def strings(self, node, slots):
        """The values of strings, bytes and opaque, from their offsets and their run."""
        entry, stored = self.entry(node, 0, slots, 4 * (slots.total + 1))
        if entry.encoding == DICTIONARY:
            lengths = differences(stored.numbers(words_count(stored) + 1, 4))
            picks = indices(stored, slots.present, len(lengths))
            stored.end()
        else:
            lengths, picks = self.offsets((entry, stored), slots), None
        run = self.run(node, slots, lengths)
        words, at = [], 0
        for length in lengths:
            words.append(run[at:at + length])
            at += length
        if node.ty.kind == STRING:
            words = self.decoded(node, run, words)
        return words if picks is None else [words[pick] for pick in picks]

    def run(self, node, slots, lengths):
        _, stored = self.entry(node, 1, slots, sum(lengths))
        run = stored.take(sum(lengths))
        stored.end()
        return run

    def decoded(self, node, run, words):
        try:
            run.decode("utf-8")
            self.reading = node.streams[0][0]  # the offsets cut it
            return [word.decode("utf-8") for word in words]
        except UnicodeDecodeError as error:
            raise broken("M7.2-3", f"a run of text: {error.reason}") from error

    def rows(self, node, slots):
        entry, stored = self.entry(node, 0, slots, None)
        if entry.plain < LINE:
            raise broken("M7.2-4", "plain bytes of rows", expected="at least 64", found=str(entry.plain))
        if len(stored.data) != entry.plain:
            raise broken("M7.3-1", "the length of rows", expected=str(entry.plain), found=str(len(stored.data)))
        if any(stored.data[4:LINE]) and stored.note:
            stored.note(broken("M1-2", "bytes before rows that are not zero"))
        return StreamRows(self, node, stored.data, slots.present).all()


class StreamRows(Payload):
    """The rows of a stream, whose gaps and references are under the stricter M7.2-6."""

    def __init__(self, columns, node, data, count):
        self.node, self.block = node, columns.base - LINE
        super().__init__(columns.schema, data[LINE:], count, int.from_bytes(data[:4], "little"), 0, columns.place,
                         columns.audit, node.ty, node.depth)

    def all(self):
        values = list(self.records())
        if self.text_cursor != len(self.text):
            raise self.misplaced("", "text that belongs to no string")
        self.gap_ends(self.count * self.root.size, self.heap_start)
        self.gap_ends(self.heap_start + self.heap_cursor, self.text_start)
        if self.heap_start + up(self.heap_cursor, LINE) != self.text_start:
            raise self.misplaced("", "a gap before the text")
        return values

    def fault(self, code, what, **facts):
        fault = super().fault(code, what, **facts)
        fault.offset, fault.path = self.block, self.node.path() + (fault.path or "")
        return fault

    def misplaced(self, _code, what, **facts):
        return broken("M7.2-6", what, **facts)

    def gap(self, cursor, offset, align):
        if offset != up(cursor, align):
            raise self.misplaced("", "a gap before a reference", expected=str(up(cursor, align)), found=str(offset))
        self.gap_ends(self.heap_start + cursor, self.heap_start + offset)

    def gap_ends(self, start, end):
        if any(self.data[start:end]):
            raise self.misplaced("", "a gap that is not zero")

    def text_gap(self, offset):
        if offset != self.text_cursor:
            raise self.misplaced("", "a gap before a string", expected=str(self.text_cursor), found=str(offset))

    def regions(self):
        pass


def bools(number, count):
    """The lowest bits of a number; through its text, which takes time in proportion to the bits."""
    return [digit == "1" for digit in reversed(f"{number:0{count}b}")] if count else []


def signed(raw, kind):
    """The value of an unsigned integer as one of an integer kind."""
    bits = 8 * WIDTHS[kind]
    return raw - (raw >> bits - 1 << bits) if kind < 9 else raw


def differences(offsets):
    """M7.2-2: the lengths between offsets."""
    if offsets[0]:
        raise broken("M7.2-2", "the first offset", expected="0", found=str(offsets[0]))
    lengths = [end - start for start, end in zip(offsets, offsets[1:])]
    if min(lengths, default=0) < 0:
        raise broken("M7.2-2", "an offset below the one before it")
    return lengths
