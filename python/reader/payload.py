"""Section 7: decodes the bytes of a payload to Python values and checks every structural rule."""

import struct

from .common import Fault, LINE, MAX_DEPTH, nonzero, up
from .schema import (
    ARRAY, DURATION, ENUM, F32, F64, INTEGERS, NAMES, NEWTYPE, STRING, TIMESTAMP, TUPLE, WIDTHS,
)


class Payload:
    """Decodes and validates the records of one payload, in canonical order, in one pass.

    Values: None, bool, int, float, str, bytes; option None or (value,); list, array, set: list; tuple, struct: list
    of fields; enum (variant index, list of fields); map: list of (key, value); newtype and box: the inner value.
    With `audit`, a list, it also collects what a full check reports: padding that is not zero, and gaps.
    """

    def __init__(self, schema, data, count, text_offset, base=0, place=None, audit=None, root=None, depth=0):
        """`root`: the type of a record, if it is not that of the schema; `depth`: references that lead to a record."""
        self.schema, self.data, self.count, self.audit = schema, data, count, audit
        self.base, self.where, self.path, self.at = base, place, [], 0
        self.root, self.depth = root or schema.root, depth
        stride = self.root.size
        self.heap_start, self.text_start = up(count * stride, LINE), text_offset
        if text_offset % LINE or not self.heap_start <= text_offset <= len(data):
            self.at = -LINE
            raise self.misplaced("HY0201", "the text offset", expected=f"a multiple of 64 in {self.heap_start}..={len(data)}",
                             found=str(text_offset))
        self.heap_bytes, self.text = text_offset - self.heap_start, data[text_offset:]
        self.heap_cursor = self.text_cursor = 0
        try:
            self.text.decode("utf-8")
        except UnicodeDecodeError as error:
            self.at = text_offset + error.start
            raise self.misplaced("HY0303", error.reason) from error

    def misplaced(self, code, what, **facts):
        """A finding about regions and references."""
        return self.fault(code, what, **facts)

    def fault(self, code, what, **facts):
        return Fault(code, what, self.base + self.at, self.where, "".join(self.path) or None, **facts)

    def padding(self, start, end, what="padding"):
        """Checks bytes that a writer leaves zero, in a full check only."""
        first = nonzero(self.data[start:end]) if self.audit is not None else None
        if first is not None:
            self.at = start + first
            self.audit.append(self.fault("HY0205", f"{what} that is not zero"))

    def records(self):
        stride = self.root.size
        for i in range(self.count):
            self.path = [f"[{i}]"]
            yield self.value(self.root, i * stride, self.depth)
        self.path = []
        self.regions()

    def regions(self):
        self.padding(self.count * self.root.size, self.heap_start)
        self.padding(self.heap_start + self.heap_cursor, self.text_start)
        if self.audit is not None and self.text_cursor != len(self.text):
            self.at = self.text_start + self.text_cursor
            self.audit.append(self.fault("HY0205", "text that belongs to no string"))

    def step(self, name, ty, at, depth):
        self.path.append(name)
        value = self.value(ty, at, depth)
        self.path.pop()
        return value

    def integer(self, at, width, signed=False):
        return int.from_bytes(self.data[at:at + width], "little", signed=signed)

    def value(self, ty, at, depth):
        self.at = at
        kind = ty.kind
        if kind in INTEGERS:
            return self.number(ty, at)
        if kind == F64:
            return struct.unpack_from("<d", self.data, at)[0]
        if kind == F32:
            return struct.unpack_from("<f", self.data, at)[0]
        return getattr(self, NAMES[kind])(ty, at, depth)

    def number(self, ty, at):
        value = self.integer(at, ty.size, ty.kind < 9)
        problem = forbidden(ty, value)
        if problem:
            raise self.fault("HY0301", problem, found=str(value))
        return value

    def unit(self, _ty, at, _depth):
        self.padding(at, at + 1, "a unit")

    def bool(self, _ty, at, _depth):
        if self.data[at] > 1:
            raise self.fault("HY0301", "a bool", expected="0 or 1", found=str(self.data[at]))
        return self.data[at] == 1

    def char(self, _ty, at, _depth):
        code = self.integer(at, 4)
        if not is_scalar(code):
            raise self.fault("HY0301", "a char", expected="a Unicode scalar value", found=f"{code:#x}")
        return chr(code)

    def option(self, ty, at, depth):
        inner, tag = self.schema.types[ty.element], self.data[at]
        if tag > 1:
            raise self.fault("HY0301", "the tag of an option", expected="0 or 1", found=str(tag))
        if tag == 0:
            return self.padding(at + 1, at + ty.size)
        self.padding(at + 1, at + inner.align)
        value = self.step("?", inner, at + inner.align, depth)
        self.padding(at + inner.align + inner.size, at + ty.size)
        return (value,)

    def newtype(self, ty, at, depth):
        return self.value(self.schema.types[ty.element], at, depth)

    def array(self, ty, at, depth):
        inner = self.schema.types[ty.element]
        if not ty.count:
            self.padding(at, at + ty.size)
        return [self.step(f"[{i}]", inner, at + i * inner.size, depth) for i in range(ty.count)]

    def fields(self, fields, at, start, size, depth):
        values, end = [], start
        for field in fields:
            self.padding(at + end, at + field.offset)
            ty = self.schema.types[field.type]
            values.append(self.step(f".{field.name}", ty, at + field.offset, depth))
            end = field.offset + ty.size
        self.padding(at + end, at + size)
        return values

    def struct(self, ty, at, depth):
        return self.fields(ty.fields, at, 0, ty.size, depth)

    tuple = struct

    def enum(self, ty, at, depth):
        width = WIDTHS[ty.tag_kind]
        tag = self.integer(at, width, ty.tag_kind < 9)
        if tag not in ty.by_tag:
            raise self.fault("HY0301", f"a tag that {ty.name} does not have", found=str(tag))
        index = ty.by_tag[tag]
        variant = ty.variants[index]
        self.path.append(f":{variant.name}")
        values = self.fields(variant.fields, at, width, ty.size, depth)
        self.path.pop()
        return index, values

    def reference(self, at, size, align):
        """A reference into the heap: (position in the payload, length). Checks canonical order."""
        offset, length = struct.unpack_from("<II", self.data, at)
        if length == 0:
            if offset:
                raise self.fault("HY0302", "an empty reference", expected="offset 0", found=str(offset))
            return 0, 0
        end = offset + length * size
        if end > self.heap_bytes:
            raise self.misplaced("HY0302", "a reference beyond the heap", expected=f"at most {self.heap_bytes}", found=str(end))
        if offset % align:
            raise self.misplaced("HY0302", "a reference that is not aligned", expected=f"a multiple of {align}", found=str(offset))
        if offset < self.heap_cursor:
            raise self.misplaced("HY0302", "a reference out of order", expected=f"at least {self.heap_cursor}", found=str(offset))
        self.gap(self.heap_cursor, offset, align)
        self.heap_cursor = end
        return self.heap_start + offset, length

    def gap(self, cursor, offset, align):
        if self.audit is not None and offset != up(cursor, align):
            self.audit.append(self.fault("HY0205", "a gap before a reference", expected=str(up(cursor, align)), found=str(offset)))
        self.padding(self.heap_start + cursor, self.heap_start + offset)

    def deeper(self, depth):
        if depth >= MAX_DEPTH:
            raise self.fault("HY0305", "more than 64 references from a record to a value")
        return depth + 1

    def bytes(self, _ty, at, _depth):
        start, length = self.reference(at, 1, 1)
        return self.data[start:start + length]

    opaque = bytes

    def string(self, _ty, at, _depth):
        offset, length = struct.unpack_from("<II", self.data, at)
        end = offset + length
        if length == 0:
            if offset:
                raise self.fault("HY0302", "an empty string", expected="offset 0", found=str(offset))
            return ""
        if end > len(self.text):
            raise self.misplaced("HY0302", "a string beyond the text", expected=f"at most {len(self.text)}", found=str(end))
        if offset < self.text_cursor:
            raise self.misplaced("HY0302", "a string out of order", expected=f"at least {self.text_cursor}", found=str(offset))
        self.text_gap(offset)
        self.text_cursor = end
        try:
            return self.text[offset:end].decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.misplaced("HY0303", "a string that does not start and end between characters") from error

    def text_gap(self, offset):
        if self.audit is not None and offset != self.text_cursor:
            self.audit.append(self.fault("HY0205", "a gap before a string", expected=str(self.text_cursor), found=str(offset)))

    def list(self, ty, at, depth):
        inner = self.schema.types[ty.element]
        start, length = self.reference(at, inner.size, inner.align)
        depth = self.deeper(depth) if length else depth
        return [self.step(f"[{i}]", inner, start + i * inner.size, depth) for i in range(length)]

    def set(self, ty, at, depth):
        start = self.heap_start + self.integer(at, 4)
        members = self.list(ty, at, depth)
        inner = self.schema.types[ty.element]
        self.ordered(inner, members, start, inner.size)
        return members

    def box(self, ty, at, depth):
        inner = self.schema.types[ty.element]
        length = self.integer(at + 4, 4)
        if length != 1:
            raise self.fault("HY0302", "the length of a box", expected="1", found=str(length))
        start, _ = self.reference(at, inner.size, inner.align)
        return self.value(inner, start, self.deeper(depth))

    def map(self, ty, at, depth):
        key, value = self.schema.types[ty.key], self.schema.types[ty.element]
        offset, size, align = self.schema.entry(ty)
        start, length = self.reference(at, size, align)
        depth, entries = self.deeper(depth) if length else depth, []
        for i in range(length):
            entry = start + i * size
            k = self.step(f"[{i}].0", key, entry, depth)
            self.padding(entry + key.size, entry + offset)
            entries.append((k, self.step(f"[{i}].1", value, entry + offset, depth)))
            self.padding(entry + offset + value.size, entry + size)
        self.ordered(key, [k for k, _ in entries], start, size)
        return entries

    def ordered(self, ty, values, start, size):
        problem = disorder(self.schema, ty, values)
        if problem:
            self.at = start + problem[0] * size
            raise self.fault("HY0304", problem[1], found=f"entry {problem[0]}")


# The rules for values, whatever bytes they are stored in


def is_scalar(code):
    """M5-1: returns whether a number is a Unicode scalar value."""
    return code <= 0x10FFFF and not 0xD800 <= code < 0xE000


def forbidden(ty, value):
    """M5.5-2, M5.5-3: returns what is wrong with an integer of a type; None if nothing is."""
    if ty.flags & 1 and value == 0:
        return "zero in a nonzero number"
    if ty.form == TIMESTAMP and ty.kind == 8 and ty.exponent == -9 and not -(10**9 << 63) <= value < 10**9 << 63:
        return "a timestamp out of range"
    if ty.form == DURATION and ty.kind == 13 and ty.exponent == -9 and value >= 10**9 << 64:
        return "a duration out of range"
    return None


def disorder(schema, ty, values):
    """M5.4-1: the position of the first key that is not above the one before it, and why; None if there is none."""
    keys = [sort_key(schema, ty, value) for value in values]
    for i in range(1, len(keys)):
        if not keys[i - 1] < keys[i]:
            return i, "the same key twice" if keys[i - 1] == keys[i] else "a key below the one before it"
    return None


def sort_key(schema, ty, value):
    """5.4: returns a Python value with the order of the key."""
    if ty.kind == ENUM:
        return ty.variants[value[0]].tag
    if ty.kind == STRING:
        return value.encode()
    if ty.kind == NEWTYPE:
        return sort_key(schema, schema.types[ty.element], value)
    if ty.kind == ARRAY:
        return [sort_key(schema, schema.types[ty.element], item) for item in value]
    if ty.kind == TUPLE:
        return [sort_key(schema, schema.types[f.type], item) for f, item in zip(ty.fields, value)]
    return value
