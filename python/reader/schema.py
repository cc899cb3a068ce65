"""Sections 5 and 6: types and schemas. Bytes are untrusted until `Schema` accepts them."""

import re
import struct
import unicodedata

from .common import Fault, MAX_FIELDS, MAX_INLINE, MAX_NAME, MAX_SIZE, MAX_SPELLING, MAX_TYPES, fnv, up

UNIT, BOOL, CHAR, F32, F64, STRING, BYTES, OPTION, LIST, ARRAY = 1, 2, 3, 14, 15, 16, 17, 18, 19, 20
TUPLE, STRUCT, ENUM, MAP, SET, NEWTYPE, BOX, OPAQUE, SHORT = 21, 22, 23, 24, 25, 26, 27, 28, 29
INTEGERS = dict(zip(range(4, 14), ("i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128")))
NAMES = INTEGERS | {UNIT: "unit", BOOL: "bool", CHAR: "char", F32: "f32", F64: "f64", STRING: "string",
                    BYTES: "bytes", OPTION: "option", LIST: "list", ARRAY: "array", TUPLE: "tuple",
                    STRUCT: "struct", ENUM: "enum", MAP: "map", SET: "set", NEWTYPE: "newtype", BOX: "box",
                    OPAQUE: "opaque"}
WIDTHS = {4: 1, 5: 2, 6: 4, 7: 8, 8: 16, 9: 1, 10: 2, 11: 4, 12: 8, 13: 16}
FIXED = {UNIT: (1, 1), BOOL: (1, 1), CHAR: (4, 4), F32: (4, 4), F64: (8, 8)} | {k: (w, w) for k, w in WIDTHS.items()}
REFERENCES = (STRING, BYTES, LIST, MAP, SET, BOX, OPAQUE)
TIMESTAMP, DURATION, DATE, UUID, DECIMAL = 1, 2, 3, 4, 5
FORMS = {TIMESTAMP: ("timestamp", (7, 8)), DURATION: ("duration", (7, 8, 12, 13)), DATE: ("date", (6,)),
         UUID: ("uuid", (ARRAY,)), DECIMAL: ("decimal", (7, 8))}

ATTRIBUTES = {1: r"(?s:.*)", 2: r"[+-]?[0-9]+", 3: r"[+-]?([0-9.]+([eE][+-]?[0-9]+)?|inf|NaN)", 4: r"true|false"}


class Cursor:
    """Reads a byte string from front to back and never past its end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        if length > len(self.data) - self.at:
            raise Fault("HY0401", "cut short", expected=f"{length} bytes", found=f"{len(self.data) - self.at}")
        self.at += length
        return self.data[self.at - length:self.at]

    def number(self, width, signed=False):
        return int.from_bytes(self.take(width), "little", signed=signed)

    def text(self, width):
        try:
            return self.take(self.number(width)).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Fault("HY0401", "a name that is not UTF-8") from error

    def name(self):
        name = self.text(2)
        if len(name.encode()) > MAX_NAME:
            raise Fault("HY0401", "a name of more than 255 bytes")
        return name

    def done(self):
        return self.at == len(self.data)


class Field:
    def __init__(self, name, ty, offset):
        self.name, self.type, self.offset = name, ty, offset


class Variant:
    def __init__(self, name, tag, style, fields):
        self.name, self.tag, self.style, self.fields = name, tag, style, fields


class Type:
    """6.2: one entry of a core. References to types are indices into the schema's table."""

    def __init__(self, raw):
        cursor = Cursor(raw)
        self.kind, self.flags, self.form = cursor.number(1), cursor.number(1), cursor.number(1)
        self.exponent = cursor.number(1, signed=True)
        self.size, self.align = cursor.number(4), cursor.number(4)
        self.name, self.args, self.element, self.key, self.count = "", [], None, None, 0
        self.fields, self.variants, self.tag_kind, self.by_tag = [], [], None, {}
        self.body(cursor)
        if not cursor.done():
            raise Fault("HY0401", "a type with bytes left over")

    def body(self, cursor):
        kind = self.kind
        if kind not in NAMES:
            raise Fault("HY0103", "an unknown or reserved kind", found=str(kind))
        if self.flags & ~1:
            raise Fault("HY0103", "an unknown flag of a type", found=str(self.flags))
        if kind in (STRUCT, ENUM, NEWTYPE):
            self.name = cursor.name()
            self.args = [self.argument(cursor) for _ in range(cursor.number(2))]
        if kind == MAP:
            self.key = cursor.number(4)
        if kind in (OPTION, LIST, SET, BOX, ARRAY, MAP, NEWTYPE):
            self.element = cursor.number(4)
        if kind == ARRAY:
            self.count = cursor.number(8)
        if kind == TUPLE:
            self.fields = [Field(str(i), cursor.number(4), cursor.number(4)) for i in range(self.limited(cursor))]
        if kind == STRUCT:
            self.fields = self.named_fields(cursor)
        if kind == ENUM:
            self.tag_kind = cursor.number(1)
            self.variants = [self.variant(cursor) for _ in range(cursor.number(2))]
            self.by_tag = {variant.tag: i for i, variant in enumerate(self.variants)}

    @staticmethod
    def argument(cursor):
        """6.2: (0, the index of a type), or the kind of a constant and its value."""
        kind = cursor.number(1)
        if kind == 0:
            return kind, cursor.number(4)
        if kind not in (BOOL, CHAR, *INTEGERS):
            raise Fault("HY0401", "a constant that is no bool, char or integer", found=str(kind))
        value = cursor.number(FIXED[kind][0], signed=4 <= kind <= 8)
        if kind == BOOL and value > 1 or kind == CHAR and (value > 0x10FFFF or 0xD800 <= value < 0xE000):
            raise Fault("HY0401", f"a constant that is no {NAMES[kind]}", found=str(value))
        return kind, value

    @staticmethod
    def limited(cursor):
        count = cursor.number(2)
        if count > MAX_FIELDS:
            raise Fault("HY0401", "more than 4,096 fields")
        return count

    def named_fields(self, cursor):
        return [Field(cursor.name(), cursor.number(4), cursor.number(4)) for _ in range(self.limited(cursor))]

    def variant(self, cursor):
        return Variant(cursor.name(), cursor.number(16, signed=True), cursor.number(1), self.named_fields(cursor))

    def children(self):
        """Every index that the type names, in the order of the canonical walk."""
        first = [] if self.key is None else [self.key]
        second = [] if self.element is None else [self.element]
        fields = [field.type for field in self.fields]
        arguments = [value for kind, value in self.args if kind == 0]
        return arguments + first + second + fields + [f.type for v in self.variants for f in v.fields]

    def inline(self):
        """The indices of what is stored inside the type itself, not behind a reference."""
        if self.kind in (OPTION, ARRAY, NEWTYPE):
            return [self.element]
        return [field.type for field in self.fields] + [f.type for v in self.variants for f in v.fields]

    def anonymous(self):
        """6.3: the encoding of the type with every `str` and every argument list empty."""
        def fields(items, names=b"\0\0"):
            inner = b"".join(names + struct.pack("<II", field.type, field.offset) for field in items)
            return struct.pack("<H", len(items)) + inner
        body = bytes(4) if self.kind in (STRUCT, ENUM, NEWTYPE) else b""
        body += b"".join(struct.pack("<I", index) for index in (self.key, self.element) if index is not None)
        if self.kind == ARRAY:
            body += struct.pack("<Q", self.count)
        if self.kind in (TUPLE, STRUCT):
            body += fields(self.fields, b"" if self.kind == TUPLE else b"\0\0")
        if self.kind == ENUM:
            body += struct.pack("<BH", self.tag_kind, len(self.variants))
            for variant in self.variants:
                body += b"\0\0" + variant.tag.to_bytes(16, "little", signed=True) + bytes([variant.style])
                body += fields(variant.fields)
        head = struct.pack("<BBBbII", self.kind, self.flags, self.form, self.exponent, self.size, self.align)
        return struct.pack("<I", len(head + body)) + head + body

    def signature(self, groups):
        """Returns the identity of a type, with `groups` in place of the children."""
        fields = tuple((f.name, f.offset) for f in self.fields)
        variants = tuple((v.name, v.tag, v.style, tuple((f.name, f.offset) for f in v.fields)) for v in self.variants)
        arguments = tuple((kind, value if kind else 0) for kind, value in self.args)
        return (self.kind, self.flags, self.form, self.exponent, self.size, self.align, self.name, arguments,
                self.count, self.tag_kind, fields, variants, tuple(groups[i] for i in self.children()))


class Schema:
    """A checked schema: the table of its types, which determines how bytes are read."""

    def __init__(self, core, notes=b""):
        self.core, self.notes_bytes = core, notes
        cursor = Cursor(core)
        version, zero, count = cursor.number(2), cursor.number(2), cursor.number(4)
        if (version, zero) != (1, 0):
            raise Fault("HY0103", "another core version", expected="1, 0", found=f"{version}, {zero}")
        if not 1 <= count <= MAX_TYPES:
            raise Fault("HY0401", "the number of types", expected=f"1..{MAX_TYPES}", found=str(count))
        self.types = [Type(cursor.take(cursor.number(4))) for _ in range(count)]
        if not cursor.done():
            raise Fault("HY0401", "a core with bytes left over")
        self.keys = set()
        self.check_indices()
        for i, ty in enumerate(self.types):
            if ty.align not in (1, 2, 4, 8, 16, 32, 64):
                raise Fault("HY0401", f"type {i} has an invalid alignment", found=str(ty.align))
        self.check_nesting()
        for i, ty in enumerate(self.types):
            self.check_type(i, ty)
        self.root = self.types[0]
        self.notes = self.parse_notes(notes)

    def check_indices(self):
        for i, ty in enumerate(self.types):
            if any(child >= len(self.types) for child in ty.children()):
                raise Fault("HY0401", f"type {i} names a type that does not exist")

    def check_nesting(self):
        """No type contains itself inline, and inline nesting is at most 32 types deep."""
        depths = {}
        for start in range(len(self.types)):
            stack = [(start, iter(self.types[start].inline()))]
            open_types = {start}
            while stack and start not in depths:
                i, rest = stack[-1]
                child = next((c for c in rest if c not in depths), None)
                if child is None:
                    depths[i] = 1 + max((depths[c] for c in self.types[i].inline()), default=0)
                    if depths[i] > MAX_INLINE:
                        raise Fault("HY0401", "types nested inline more than 32 deep")
                    stack.pop()
                    open_types.discard(i)
                elif child in open_types:
                    raise Fault("HY0401", f"type {child} contains itself without a reference between")
                else:
                    stack.append((child, iter(self.types[child].inline())))
                    open_types.add(child)

    def check_type(self, i, ty):
        if ty.flags and ty.kind not in INTEGERS:
            raise Fault("HY0401", f"type {i} has an unknown flag", found=str(ty.flags))
        if ty.kind == ENUM:
            self.check_enum(ty)
        self.check_names(ty.fields)
        for key in [ty.key] if ty.kind == MAP else [ty.element] if ty.kind == SET else []:
            self.check_key(key)
        if ty.kind in (STRUCT, ENUM, NEWTYPE) and not ty.name:
            raise Fault("HY0401", f"type {i} has no name")
        self.check_form(ty)
        size, align = self.layout(ty)
        if size > MAX_SIZE:
            raise Fault("HY0401", f"type {i} is larger than 16 MiB", found=str(size))
        if (ty.size, ty.align) != (size, align):
            raise Fault("HY0401", f"type {i}, {self.spell(ty)}: size and alignment",
                        expected=f"{size} and {align}", found=f"{ty.size} and {ty.align}")

    def check_form(self, ty):
        """5.5: checks that a known form is on a kind for which it has a meaning."""
        if ty.form > DECIMAL:
            return
        fits = ty.form == 0 or ty.kind in FORMS[ty.form][1]
        if ty.form == UUID and fits:
            byte = self.types[ty.element]
            fits = ty.count == 16 and byte.kind == 9 and not byte.flags
        if not fits or (ty.exponent and ty.form in (0, DATE, UUID)):
            raise Fault("HY0401", "a form that its kind cannot have", found=f"form {ty.form}, exponent {ty.exponent}")

    @staticmethod
    def check_names(items):
        names = [item.name for item in items]
        if "" in names or len(set(names)) != len(names):
            raise Fault("HY0401", "names of fields or variants that are empty or not distinct")

    def check_enum(self, ty):
        if ty.tag_kind not in INTEGERS:
            raise Fault("HY0401", "a tag that is not an integer kind", found=str(ty.tag_kind))
        if len(ty.by_tag) != len(ty.variants):
            raise Fault("HY0401", "two variants with the same tag")
        self.check_names(ty.variants)
        bits, signed = WIDTHS[ty.tag_kind] * 8, ty.tag_kind < 9
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        for variant in ty.variants:
            self.check_names(variant.fields)
            if not low <= variant.tag <= high:
                raise Fault("HY0401", f"the tag of {variant.name} does not fit its kind", found=str(variant.tag))
            if variant.style > 2 or (variant.style == 0 and variant.fields):
                raise Fault("HY0401", f"the style of {variant.name}", found=str(variant.style))
            if variant.style == 1 and [f.name for f in variant.fields] != [str(i) for i in range(len(variant.fields))]:
                raise Fault("HY0401", f"the fields of the tuple variant {variant.name} are not named 0, 1, ..")

    def check_key(self, index):
        ty = self.types[index]
        if index in self.keys:
            return
        self.keys.add(index)
        if ty.kind in INTEGERS or ty.kind in (BOOL, CHAR, STRING, BYTES):
            return
        if ty.kind == ENUM and not any(variant.fields for variant in ty.variants):
            return
        if ty.kind not in (ARRAY, TUPLE, NEWTYPE):
            raise Fault("HY0401", f"a {NAMES[ty.kind]} is not a key")
        for child in ty.inline():
            self.check_key(child)

    def place(self, fields, end, what):
        """5.1: fields one after the other, each at the next multiple of its alignment. Returns the end."""
        for field in fields:
            ty = self.types[field.type]
            end = up(end, ty.align)
            if field.offset != end:
                raise Fault("HY0401", f"the offset of {what}.{field.name}", expected=str(end), found=str(field.offset))
            end += ty.size
        return end

    def widest(self, fields):
        return max((self.types[field.type].align for field in fields), default=1)

    def layout(self, ty):
        """5: the size and alignment that a type must have."""
        kind = ty.kind
        if kind in FIXED:
            return FIXED[kind]
        if kind in REFERENCES:
            return 8, 4
        inner = self.types[ty.element] if ty.element is not None else None
        if kind == NEWTYPE:
            return inner.size, inner.align
        if kind == OPTION:
            return up(inner.align + inner.size, inner.align), inner.align
        if kind == ARRAY:
            return ty.count * inner.size or inner.align, inner.align
        if kind == ENUM:
            widest = max((self.widest(variant.fields) for variant in ty.variants), default=1)
            width = WIDTHS[ty.tag_kind]
            start = up(width, widest)
            ends = [self.place(variant.fields, start, variant.name) for variant in ty.variants]
            return up(max(ends, default=start), max(width, widest)), max(width, widest)
        align = self.widest(ty.fields)
        if kind == STRUCT:
            align = max(align, ty.align)
        return up(self.place(ty.fields, 0, ty.name), align) or align, align

    def entry(self, ty):
        """5.4: where a map's value is in an entry, and the entry's size and alignment."""
        key, value = self.types[ty.key], self.types[ty.element]
        offset, align = up(key.size, value.align), max(key.align, value.align)
        return offset, up(offset + value.size, align), align

    def fingerprint(self):
        return fnv(self.core)

    def layout_fingerprint(self):
        return fnv(self.core[:8] + b"".join(ty.anonymous() for ty in self.types))

    def canonical_problem(self):
        """6.2: returns None if all types differ and are numbered in the order of the walk."""
        groups = [0] * len(self.types)
        while True:
            seen = {}
            refined = [seen.setdefault((groups[i], ty.signature(groups)), len(seen)) for i, ty in enumerate(self.types)]
            if len(seen) == len(set(groups)):
                break
            groups = refined
        if len(set(groups)) != len(self.types):
            return "two types cannot be told apart"
        order, stack = {}, [0]
        while stack:
            i = stack.pop()
            if i not in order:
                order[i] = len(order)
                stack.extend(reversed(self.types[i].children()))
        return None if list(order) == list(range(len(self.types))) else "types are not numbered in the order of the walk"

    def spell(self, ty):
        """5.6: at most 1,024 bytes, since type arguments may refer back to their own type."""
        text = b""
        for part in self.spelling(ty):
            text += part.encode()
            if len(text) >= MAX_SPELLING:
                return text[:MAX_SPELLING].decode(errors="ignore") + "…"
        return text.decode()

    def spelling(self, ty):
        form = FORMS[ty.form][0] if ty.form in FORMS else ""
        yield f"{form}<" if form else ""
        yield "nonzero<" if ty.flags & 1 else ""
        if ty.kind in (STRUCT, ENUM, NEWTYPE):
            yield ty.name
            if ty.args:
                yield from self.arguments(ty.args)
        elif ty.kind == TUPLE:
            close = ",)" if len(ty.fields) == 1 else ")"
            yield from self.bracketed("(", [field.type for field in ty.fields], close)
        else:
            yield NAMES[ty.kind]
            inner = [index for index in (ty.key, ty.element) if index is not None]
            if inner:
                yield from self.bracketed("<", inner, f",{ty.count}>" if ty.kind == ARRAY else ">")
        yield ">" * (bool(form) + (ty.flags & 1))

    def arguments(self, arguments):
        for i, (kind, value) in enumerate(arguments):
            yield "," if i else "<"
            if kind == 0:
                yield from self.spelling(self.types[value])
            elif kind == BOOL:
                yield "true" if value else "false"
            elif kind == CHAR:
                escaped = chr(value) in "'\\" or unicodedata.category(chr(value)) == "Cc"
                yield f"'\\u{{{value:x}}}'" if escaped else f"'{chr(value)}'"
            else:
                yield str(value)
        yield ">"

    def bracketed(self, opening, indices, closing):
        yield opening
        for i, index in enumerate(indices):
            yield "," if i else ""
            yield from self.spelling(self.types[index])
        yield closing

    def parse_notes(self, data):
        """6.4: (type, variant, field, what, value), where the value is None, text, a number or a pair."""
        cursor, notes, last = Cursor(data), [], (0, 0, 0)
        for _ in range(cursor.number(4) if data else 0):
            note = Cursor(cursor.take(cursor.number(4)))
            place = note.number(4), note.number(2), note.number(2)
            if place < last or not self.has_place(*place):
                raise Fault("HY0401", "a note out of order, or on what the schema does not have", found=str(place))
            last, what = place, note.number(1)
            value = self.note_value(what, note)
            if value is not NotImplemented and not note.done():
                raise Fault("HY0401", "a note with bytes left over")
            notes.append((*place, what, value))
        if not cursor.done():
            raise Fault("HY0401", "notes with bytes left over")
        return notes

    def has_place(self, index, variant, field):
        if index >= len(self.types) or variant > len(self.types[index].variants):
            return False
        ty = self.types[index]
        return field <= len(ty.variants[variant - 1].fields if variant else ty.fields)

    @staticmethod
    def note_value(what, note):
        if what in (1, 2, 5):
            return note.text(4)
        if what == 3:
            return note.number(4), note.take(len(note.data) - note.at)
        if what == 6:
            return note.number(4)
        if what in (7, 8, 9, 10):
            return None
        if what != 4:
            return NotImplemented
        name, kind, text = note.text(2), note.number(1), note.text(4)
        if kind in ATTRIBUTES and not re.fullmatch(ATTRIBUTES[kind], text):
            raise Fault("HY0401", "the value of an attribute", found=text)
        return (name, text) if kind in ATTRIBUTES else NotImplemented

    def render(self):
        """The named types, as text for people."""
        lines = []
        for ty in self.types:
            if ty.kind == STRUCT:
                lines.append(f"struct {self.spell(ty)} {{  // {ty.size} bytes, alignment {ty.align}")
                lines += [f"    {f.name}: {self.spell(self.types[f.type])},  // at {f.offset}" for f in ty.fields]
                lines.append("}")
            elif ty.kind == ENUM:
                lines.append(f"enum {self.spell(ty)} : {NAMES[ty.tag_kind]} {{  // {ty.size} bytes, alignment {ty.align}")
                for v in ty.variants:
                    inner = ", ".join(f"{f.name}: {self.spell(self.types[f.type])}" for f in v.fields)
                    lines.append(f"    {v.name} = {v.tag}{f' {{ {inner} }}' if inner else ''},")
                lines.append("}")
            elif ty.kind == NEWTYPE:
                lines.append(f"struct {self.spell(ty)}({self.spell(self.types[ty.element])});")
        return lines or [self.spell(self.root)]
