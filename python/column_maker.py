"""For tests: makes schemas, random values, payloads of rows and blocks of columns, from docs/FORMAT.md."""

import functools
import struct
import zlib

from reader.schema import NAMES, Schema

KINDS = {name: kind for kind, name in NAMES.items()}
SIZES = {"unit": 1, "bool": 1, "char": 4, "f32": 4, "f64": 8} | {f"{s}{8 * w}": w for s in "iu" for w in (1, 2, 4, 8, 16)}
ABSENT = object()
PLAIN, CONSTANT, FRAME, DELTA, DICTIONARY, DECIMAL_FRAME, DECIMAL_DELTA = range(7)


def up(value, alignment):
    return -(-value // alignment) * alignment


def text(value):
    return struct.pack("<H", len(value.encode())) + value.encode()


# -- Schemas ------------------------------------------------------------------------------------------------


class Types:
    """Makes a schema of a description: a name of a kind, or a tuple that begins with one.

    ("number", kind, flags, form, exponent), ("option", T), ("array", T, count), ("map", K, V), ("tuple", T..),
    ("struct", name, ((field, T)..)), ("newtype", name, T), ("enum", name, tag kind, ((variant, tag, (T..))..)), and
    ("again", name) for a struct or an enum that is described around it.
    """

    def __init__(self, root):
        self.entries, self.known, self.named = [], {}, {}
        self.index(root)

    def core(self):
        return struct.pack("<HHI", 1, 0, len(self.entries)) + b"".join(self.entries)

    def index(self, spec):
        if spec[0] == "again":
            return self.named[spec[1]]
        name = short(spec)
        if name not in self.known:
            at = self.known[name] = len(self.entries)
            self.entries.append(b"")
            if spec[0] in ("struct", "enum"):
                self.named[spec[1]] = at
            self.entries[at] = self.entry(spec)
        return self.known[name]

    def entry(self, spec):
        word = spec if isinstance(spec, str) else spec[0]
        flags = form = exponent = 0
        if word == "number":
            _, word, flags, form, exponent = spec
        body = getattr(self, word)(*spec[1:]) if hasattr(self, word) and not isinstance(spec, str) else b""
        raw = struct.pack("<BBBbII", KINDS[word], flags, form, exponent, *layout(spec)) + body
        return struct.pack("<I", len(raw)) + raw

    def option(self, inner):
        return struct.pack("<I", self.index(inner))

    list = set = box = option

    def array(self, inner, count):
        return struct.pack("<IQ", self.index(inner), count)

    def map(self, key, value):
        return struct.pack("<II", self.index(key), self.index(value))

    def newtype(self, name, inner):
        return text(name) + struct.pack("<HI", 0, self.index(inner))

    def tuple(self, *inner):
        return struct.pack("<H", len(inner)) + b"".join(struct.pack("<II", self.index(i), at)
                                                       for i, at in zip(inner, places(inner, 0)[0]))

    def fields(self, named, start):
        offsets = places([spec for _, spec in named], start)[0]
        parts = [text(name) + struct.pack("<II", self.index(spec), at) for (name, spec), at in zip(named, offsets)]
        return struct.pack("<H", len(named)) + b"".join(parts)

    def struct(self, name, named):
        return text(name) + bytes(2) + self.fields(named, 0)

    def enum(self, name, tag_kind, variants):
        body, start = text(name) + struct.pack("<HBH", 0, KINDS[tag_kind], len(variants)), enum_start(tag_kind, variants)
        for variant, tag, inner in variants:
            named = [(str(i), spec) for i, spec in enumerate(inner)]
            body += text(variant) + (tag & (1 << 128) - 1).to_bytes(16, "little") + bytes([1 if inner else 0])
            body += self.fields(named, start)
        return body


@functools.cache
def short(spec):
    """A description by which the same type is known, whether or not it is inside the struct or enum that it names."""
    if isinstance(spec, str) or not isinstance(spec, tuple):
        return spec
    if spec and spec[0] in ("struct", "enum"):
        return "again", spec[1]
    return tuple(short(part) for part in spec)


def places(specs, end):
    offsets = []
    for spec in specs:
        size, align = layout(spec)
        offsets.append(up(end, align))
        end = offsets[-1] + size
    return offsets, end


def widest(specs):
    return max((layout(spec)[1] for spec in specs), default=1)


def enum_start(tag_kind, variants):
    return up(SIZES[tag_kind], max((widest(inner) for _, _, inner in variants), default=1))


@functools.cache
def layout(spec):
    """Size and alignment (section 5)."""
    word = spec if isinstance(spec, str) else spec[0]
    if word == "number":
        word = spec[1]
    if word in SIZES:
        return SIZES[word], SIZES[word]
    if word == "option":
        size, align = layout(spec[1])
        return up(align + size, align), align
    if word == "array":
        size, align = layout(spec[1])
        return size * spec[2] or align, align
    if word == "newtype":
        return layout(spec[2])
    if word in ("tuple", "struct"):
        inner = spec[1:] if word == "tuple" else [field for _, field in spec[2]]
        return up(places(inner, 0)[1], widest(inner)) or widest(inner), widest(inner)
    if word == "enum":
        _, _, tag_kind, variants = spec
        start = enum_start(tag_kind, variants)
        align = max([SIZES[tag_kind]] + [widest(inner) for _, _, inner in variants])
        return up(max([places(inner, start)[1] for _, _, inner in variants], default=start), align), align
    return 8, 4


def schema_of(spec):
    return Schema(Types(spec).core())


# -- Values -------------------------------------------------------------------------------------------------


class Values:
    """Random values of a schema. With `few`, numbers and words repeat, so that every encoding is possible."""

    def __init__(self, schema, rng, few=False):
        self.schema, self.rng, self.few = schema, rng, few

    def value(self, ty, depth=0):
        word = NAMES[ty.kind]
        if word[1:].isdigit() and word[0] in "iu":
            return self.number(ty)
        return getattr(self, word)(ty, depth)

    def inner(self, ty, depth):
        return self.value(self.schema.types[ty.element], depth)

    def number(self, ty):
        bits, signed = 8 * ty.size, ty.kind < 9
        if ty.form == 1 or self.few or self.rng.random() < 0.5:
            value = self.rng.randrange(1, 100)
        else:
            value = self.rng.getrandbits(self.rng.choice((bits, bits, bits // 2 + 1))) or 1
        low = -(1 << bits - 1) if signed else 0
        return (value - low) % (1 << bits) + low or 1

    def unit(self, _ty, _depth):
        return None

    def bool(self, _ty, _depth):
        return self.rng.random() < 0.5

    def char(self, _ty, _depth):
        return self.rng.choice("aßZ\u2028\U0001F427\0")

    def f64(self, ty, _depth):
        odd = float("inf"), -0.0, float("nan"), self.rng.random(), 1e300 if ty.size == 8 else 1e30
        value = self.rng.choice(odd) if self.rng.random() < 0.1 else self.rng.randrange(-1000, 1000) / 100
        return struct.unpack("<f", struct.pack("<f", value))[0] if ty.size == 4 else value

    f32 = f64

    def string(self, _ty, _depth):
        if self.few:
            return self.rng.choice(("", "Adelie", "Gentoo é"))
        return "".join(self.rng.choice("abé\u20ac") for _ in range(self.rng.randrange(6)))

    def bytes(self, _ty, _depth):
        return self.rng.randbytes(self.rng.randrange(4))

    opaque = bytes

    def option(self, ty, depth):
        return None if self.rng.random() < 0.4 + depth / 10 else (self.inner(ty, depth + 1),)

    def list(self, ty, depth):
        return [self.inner(ty, depth + 1) for _ in range(self.rng.randrange(max(1, 4 - depth)))]

    def array(self, ty, depth):
        return [self.inner(ty, depth) for _ in range(ty.count)]

    def keys(self, index, depth):
        """Distinct keys in order; of kinds whose Python values have that order."""
        ty, found = self.schema.types[index], {}
        for _ in range(self.rng.randrange(max(1, 4 - depth))):
            key = self.value(ty, depth + 1)
            order = key.encode() if isinstance(key, str) else key
            found[tuple(order) if isinstance(order, list) else order] = key
        return [found[order] for order in sorted(found)]

    def set(self, ty, depth):
        return self.keys(ty.element, depth)

    def map(self, ty, depth):
        return [(key, self.inner(ty, depth + 1)) for key in self.keys(ty.key, depth)]

    def tuple(self, ty, depth):
        return [self.value(self.schema.types[field.type], depth) for field in ty.fields]

    struct = tuple

    def enum(self, ty, depth):
        index = self.rng.randrange(len(ty.variants))
        return index, [self.value(self.schema.types[field.type], depth + 1) for field in ty.variants[index].fields]

    def newtype(self, ty, depth):
        return self.inner(ty, depth)

    def box(self, ty, depth):
        return self.inner(ty, depth + 1)


# -- Rows ---------------------------------------------------------------------------------------------------


class Rows:
    """A payload of rows (section 7) of values of one type."""

    def __init__(self, schema, ty, values):
        self.schema, self.heap, self.text = schema, bytearray(), bytearray()
        records = b"".join([self.put(ty, value) for value in values])
        body = records.ljust(up(len(records), 64), b"\0") + self.heap
        body = body.ljust(up(len(body), 64), b"\0")
        self.payload, self.text_offset = body + self.text, len(body)

    def put(self, ty, value):
        return getattr(self, "put_" + NAMES[ty.kind], self.put_number)(ty, value).ljust(ty.size, b"\0")

    def put_number(self, ty, value):
        return value.to_bytes(ty.size, "little", signed=ty.kind < 9)

    def put_unit(self, _ty, _value):
        return b"\0"

    def put_bool(self, _ty, value):
        return bytes([value])

    def put_char(self, _ty, value):
        return struct.pack("<I", ord(value))

    def put_f32(self, _ty, value):
        return struct.pack("<f", value)

    def put_f64(self, _ty, value):
        return struct.pack("<d", value)

    def put_string(self, _ty, value):
        raw, offset = value.encode(), len(self.text)
        self.text += raw
        return struct.pack("<II", offset if raw else 0, len(raw))

    def put_bytes(self, _ty, value):
        offset = len(self.heap)
        self.heap += value
        return struct.pack("<II", offset if value else 0, len(value))

    put_opaque = put_bytes

    def put_option(self, ty, value):
        inner = self.schema.types[ty.element]
        return b"" if value is None else b"\1".ljust(inner.align, b"\0") + self.put(inner, value[0])

    def put_list(self, ty, values):
        inner = self.schema.types[ty.element]
        return self.many(values, inner.size, inner.align, lambda value: self.put(inner, value))

    put_set = put_list

    def put_map(self, ty, entries):
        key, value = self.schema.types[ty.key], self.schema.types[ty.element]
        offset, size, align = self.schema.entry(ty)
        return self.many(entries, size, align, lambda e: self.put(key, e[0]).ljust(offset, b"\0") + self.put(value, e[1]))

    def many(self, values, size, align, put):
        if not values:
            return bytes(8)
        start = up(len(self.heap), align)
        self.heap += bytes(start + size * len(values) - len(self.heap))
        for i, value in enumerate(values):
            raw, at = put(value), start + i * size
            self.heap[at:at + len(raw)] = raw
        return struct.pack("<II", start, len(values))

    def put_box(self, ty, value):
        return self.put_list(ty, [value])

    def put_newtype(self, ty, value):
        return self.put(self.schema.types[ty.element], value)

    def put_array(self, ty, values):
        return b"".join([self.put(self.schema.types[ty.element], value) for value in values])

    def put_tuple(self, ty, values, fields=None, raw=b""):
        for field, value in zip(ty.fields if fields is None else fields, values):
            raw = raw.ljust(field.offset, b"\0") + self.put(self.schema.types[field.type], value)
        return raw

    put_struct = put_tuple

    def put_enum(self, ty, value):
        variant, width = ty.variants[value[0]], SIZES[NAMES[ty.tag_kind]]
        tag = variant.tag.to_bytes(width, "little", signed=ty.tag_kind < 9)
        return self.put_tuple(ty, value[1], variant.fields, tag)


# -- Encodings (7.3): each gives the stored bytes, or None where it cannot store the values ----------------


def packed(numbers, width):
    total = sum(number << at * width for at, number in enumerate(numbers))
    return total.to_bytes((len(numbers) * width + 7) // 8, "little")


def raws(values, width):
    return b"".join(value.to_bytes(width, "little") for value in values)


def grouped(values):
    return [values[at:at + 1024] for at in range(0, len(values), 1024)]


def exceptions(found, width):
    positions = struct.pack(f"<{len(found)}I", *found)
    return struct.pack("<I", len(found)) + positions + raws(found.values(), width)


def frame(values, width, rng=None, exceptional=True):
    """With `rng`, some values are exceptions; else only those that need more than 64 bits."""
    widths, minima, bits, found = [], [], b"", {}
    for at, group in enumerate(grouped(values)):
        minimum = min(group)
        distances = [value - minimum for value in group]
        most = max(distances).bit_length()
        if exceptional and (most > 64 or rng and rng.random() < 0.5):
            most = rng.randrange(min(most, 64) + 1) if rng else 64
        if most > 64:
            return None
        for i, distance in enumerate(distances):
            if distance.bit_length() > most:
                distances[i], found[at * 1024 + i] = 0, group[i]
        widths.append(most)
        minima.append(minimum)
        bits += packed(distances, most)
    return bytes(widths) + raws(minima, width) + bits + (exceptions(found, width) if exceptional else b"")


def delta(values, width, rng=None, exceptional=True):
    """With `rng`, some values are exceptions; else only those whose steps need more than 64 bits."""
    widths, minima, firsts, bits, size, found = [], [], [], b"", 8 * width, {}
    for at, group in enumerate(grouped(values)):
        steps = [(b - a) % (1 << size) for a, b in zip(group, group[1:])]
        steps = [step - (step >> size - 1 << size) for step in steps]
        minimum = min(steps, default=0)
        distances = [step - minimum for step in steps]
        most = max(distances, default=0).bit_length()
        if exceptional and (most > 64 or rng and rng.random() < 0.5):
            most = rng.randrange(min(most, 64) + 1) if rng else 64
        if most > min(64, size):
            return None
        for i, distance in enumerate(distances):
            if distance.bit_length() > most:
                distances[i], found[at * 1024 + i + 1] = 0, group[i + 1]
        if exceptional and rng and rng.random() < 0.2:
            found[at * 1024] = group[0]
        widths.append(most)
        minima.append(minimum % (1 << size))
        firsts.append(0 if at * 1024 in found else group[0])
        bits += packed(distances, most)
    found = dict(sorted(found.items()))
    stored = bytes(widths) + raws(minima, width) + raws(firsts, width) + bits
    return stored + (exceptions(found, width) if exceptional else b"")


def dictionary(values, width, rng=None):
    words = list(dict.fromkeys(values))
    if len(words) > 65536:
        return None
    return struct.pack("<I", len(words)) + raws(words, width) + frame([words.index(v) for v in values], 2, rng)


def cuts(words):
    """The offsets of words in their run."""
    found = [0]
    for word in words:
        found.append(found[-1] + len(word))
    return found


def decimal(encoding, digits, floats, raw, width):
    """`floats` and their bit patterns."""
    numbers, found, before = [], {}, 0
    for i, (value, pattern) in enumerate(zip(floats, raw)):
        number = round(value * 10**digits) if abs(value) < 1e15 else 1 << 60
        if abs(number) > 1 << 50 or as_raw(number / 10**digits, width) != pattern:
            number, found[i] = before, pattern
        numbers.append(number)
        before = number
    wrapped = [number % (1 << 64) for number in numbers]
    bits = (frame if encoding == DECIMAL_FRAME else delta)(wrapped, 8, None, False)
    return None if bits is None else bits + exceptions(found, width)


def as_raw(value, width):
    return int.from_bytes(struct.pack("<f" if width == 4 else "<d", value), "little")


def zstd(data, block=100_000):
    """A frame of blocks that are not compressed, with its content size."""
    frames = struct.pack("<IBI", 0xFD2FB528, 0b10_1_00000, len(data))
    parts = [data[at:at + block] for at in range(0, len(data), block)] or [b""]
    for i, part in enumerate(parts):
        frames += (len(part) << 3 | (i == len(parts) - 1)).to_bytes(3, "little") + part
    return frames


# -- Columns ------------------------------------------------------------------------------------------------


class Stream:
    """What a stream stores, before it is encoded: values of slots, with ABSENT; a run has the words of its slots."""

    def __init__(self, what, slots, width=0, values=None):
        self.what, self.width, self.total = what, width, len(slots)
        self.present = [slot for slot in slots if slot is not ABSENT]
        self.absent, self.slots = self.total - len(self.present), slots
        self.encoding = self.parameter = self.flags = 0
        self.stored, self.plain = b"", 0

    def entry(self, offset):
        return struct.pack("<4B7I32x", self.encoding, self.parameter, self.flags, 0, offset, len(self.stored), self.plain,
                           self.total, self.absent, zlib.crc32(self.stored), 0)


class Columns:
    """A block of columns. `choose(stream, possible)` picks the encoding of each stream from {code: stored bytes}."""

    def __init__(self, schema, records, choose=None, rng=None):
        self.schema, self.streams, self.rng = schema, [], rng
        self.choose = choose or (lambda _stream, _possible: PLAIN)
        self.walk(0, list(records), 0)
        rows = Rows(schema, schema.root, records)
        self.heap, self.text = len(rows.heap), len(rows.text)

    def payload(self):
        """The payload and the CRC of its directory."""
        count = len(self.streams)
        at, entries, body = 64 + 64 * count, b"", b""
        for stream in self.streams:
            body = body.ljust(up(len(body), 64), b"\0")
            entries += stream.entry(at + len(body))
            body += stream.stored
        head = struct.pack("<4I48x", at, count, self.heap, self.text) + entries
        return head + body, zlib.crc32(head)

    def contains(self, index, target):
        """Whether a type leads to another, or to itself."""
        seen, work = set(), [index]
        while work:
            for child in inside(self.schema.types[work.pop()]):
                if child == target:
                    return True
                if child not in seen:
                    seen.add(child)
                    work.append(child)
        return False

    def any_stream(self, index, seen=()):
        ty = self.schema.types[index]
        if NAMES[ty.kind] not in ("unit", "array", "struct", "tuple", "newtype"):
            return True
        return index not in seen and any(self.any_stream(child, (*seen, index)) for child in inside(ty))

    def walk(self, index, slots, below):
        ty = self.schema.types[index]
        word, parts = NAMES[ty.kind], ("option list set map array struct tuple newtype box enum").split()
        if word in parts and (below >= 32 or self.contains(index, index)):
            if self.any_stream(index):
                self.rows(ty, slots)
        else:
            getattr(self, "walk_" + word, self.walk_number)(ty, slots, below + 1)

    def rows(self, ty, slots):
        stream = Stream("rows", slots)
        rows = Rows(self.schema, ty, stream.present)
        plain = struct.pack("<I60x", rows.text_offset) + rows.payload
        self.add(stream, {PLAIN: plain}, len(plain))

    def add(self, stream, possible, plain):
        possible = {code: stored for code, stored in possible.items() if stored is not None}
        code = self.choose(stream, possible)
        compressed = isinstance(code, tuple)  # ("zstd", encoding)
        stream.encoding, stream.plain = code[1] if compressed else code, plain
        stream.stored = possible[stream.encoding]
        if compressed:
            stream.flags, stream.stored = 1, zstd(stream.stored)
        self.streams.append(stream)

    def bits(self, slots):
        stream = Stream("bits", slots)
        plain = packed([int(slot is not ABSENT and slot) for slot in slots], 1)
        possible = {PLAIN: plain}
        if len(set(stream.present)) < 2:
            possible[CONSTANT] = bytes(map(int, stream.present[:1]))
        self.add(stream, possible, len(plain))

    def values(self, slots, width, what="values", floats=None):
        """`slots` are unsigned integers."""
        stream = Stream(what, slots, width)
        plain = raws([0 if slot is ABSENT else slot for slot in slots], width)
        possible, present = {PLAIN: plain, DICTIONARY: dictionary(stream.present, width, self.rng)}, stream.present
        if len(set(present)) < 2:
            possible[CONSTANT] = raws(present[:1], width)
        if what == "values":
            possible |= {FRAME: frame(present, width, self.rng), DELTA: delta(present, width, self.rng)}
        else:
            stream.parameter = 2
            possible |= {code: decimal(code, 2, floats, present, width) for code in (DECIMAL_FRAME, DECIMAL_DELTA)}
        self.add(stream, possible, len(plain))
        if stream.encoding not in (DECIMAL_FRAME, DECIMAL_DELTA):
            stream.parameter = 0

    def offsets(self, slots, what="offsets", run=None):
        """`slots` are lists or words. With a run, the encoding may be a dictionary, in which case its words are returned."""
        stream = Stream(what, slots, 4)
        offsets, plain = cuts(stream.present), raws(cuts([b"" if slot is ABSENT else slot for slot in slots]), 4)
        possible = {PLAIN: plain, FRAME: frame(offsets, 4, self.rng), DELTA: delta(offsets, 4, self.rng)}
        if not offsets[-1]:
            possible[CONSTANT] = bytes(4)
        words = list(dict.fromkeys(stream.present)) if what == "cuts" else []
        if what == "cuts":
            picks = frame([words.index(word) for word in stream.present], 2, self.rng)
            possible[DICTIONARY] = struct.pack("<I", len(words)) + raws(cuts(words), 4) + picks
        self.add(stream, possible, len(plain))
        return words if stream.encoding == DICTIONARY else stream.present

    def words(self, slots):
        run = Stream("run", slots)
        data = b"".join(self.offsets(slots, "cuts"))
        self.add(run, {PLAIN: data}, len(data))

    def walk_unit(self, *_):
        pass

    def walk_bool(self, _ty, slots, *_):
        self.bits(slots)

    def walk_number(self, ty, slots, *_):
        self.values([slot if slot is ABSENT else slot % (1 << 8 * ty.size) for slot in slots], ty.size)

    def walk_char(self, _ty, slots, *_):
        self.values([slot if slot is ABSENT else ord(slot) for slot in slots], 4)

    def walk_f64(self, ty, slots, *_):
        floats = [slot for slot in slots if slot is not ABSENT]
        self.values([slot if slot is ABSENT else as_raw(slot, ty.size) for slot in slots], ty.size, "floats", floats)

    walk_f32 = walk_f64

    def walk_string(self, _ty, slots, *_):
        self.words([slot if slot is ABSENT else slot.encode() for slot in slots])

    def walk_bytes(self, _ty, slots, *_):
        self.words(slots)

    walk_opaque = walk_bytes

    def walk_option(self, ty, slots, below):
        self.bits([slot if slot is ABSENT else slot is not None for slot in slots])
        self.walk(ty.element, [ABSENT if slot in (ABSENT, None) else slot[0] for slot in slots], below)

    def walk_list(self, ty, slots, below):
        self.offsets(slots)
        self.walk(ty.element, [item for slot in slots if slot is not ABSENT for item in slot], below)

    walk_set = walk_list

    def walk_map(self, ty, slots, below):
        self.offsets(slots)
        entries = [entry for slot in slots if slot is not ABSENT for entry in slot]
        self.walk(ty.key, [key for key, _ in entries], below)
        self.walk(ty.element, [value for _, value in entries], below)

    def walk_array(self, ty, slots, below):
        elements = [item for slot in slots for item in ([ABSENT] * ty.count if slot is ABSENT else slot)]
        self.walk(ty.element, elements, below)

    def walk_struct(self, ty, slots, below):
        for i, field in enumerate(ty.fields):
            self.walk(field.type, [slot if slot is ABSENT else slot[i] for slot in slots], below)

    walk_tuple = walk_struct

    def walk_newtype(self, ty, slots, below):
        self.walk(ty.element, slots, below)

    walk_box = walk_newtype

    def walk_enum(self, ty, slots, below):
        width = SIZES[NAMES[ty.tag_kind]]
        mask = (1 << 8 * width) - 1
        self.values([slot if slot is ABSENT else ty.variants[slot[0]].tag & mask for slot in slots], width)
        for v, variant in enumerate(ty.variants):
            chosen = [slot[1] for slot in slots if slot is not ABSENT and slot[0] == v]
            for i, field in enumerate(variant.fields):
                self.walk(field.type, [values[i] for values in chosen], below)


def inside(ty):
    found = [index for index in (ty.key, ty.element) if index is not None]
    return found + [f.type for f in ty.fields] + [f.type for v in ty.variants for f in v.fields]


def recrc(payload):
    """The payload with the CRC of each stream made to match, as far as the entries make sense; and the CRC of its directory."""
    data = bytearray(payload)
    length = struct.unpack_from("<I", data.ljust(4, b"\0"))[0]
    for at in range(64, min(length, len(data)) - 63, 64):
        offset, stored = struct.unpack_from("<II", data, at + 4)
        struct.pack_into("<I", data, at + 24, zlib.crc32(data[offset:offset + stored]))
    return bytes(data), zlib.crc32(data[:length])
