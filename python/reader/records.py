"""Sections 7 and 7.2: the records of a block of columns, as the same Python values as those of rows."""

from .columns import Columns
from .common import LINE, MAX_DEPTH, up
from .encodings import broken
from .payload import disorder
from .schema import ARRAY, BOX, BYTES, ENUM, LIST, MAP, NEWTYPE, OPAQUE, OPTION, SET, STRING, STRUCT, TUPLE, UNIT
from .streams import ROWS

MISSING = object()  # in place of a value whose streams cannot be read


class Records(Columns):
    """The records, in the order of rows; so it can count the heap and the text that rows have (M7.1-6).

    Like `Payload`, it collects in the list `audit` what only a full check reports.
    """

    def records(self):
        """The records. With an audit, it also checks what is left where a stream cannot be read, and gives no record."""
        if self.faults and self.audit is None:
            raise self.faults[0]
        self.audit = self.audit if self.audit is not None else []
        self.audit += self.faults
        self.start()
        for i in range(self.count):
            value = self.visit(self.schema.root, self.plan.root, 0)
            if not self.faults:
                yield value
        if not self.faults and (self.heap, self.text) != (self.heap_bytes, self.text_bytes):
            self.fail("M7.1-6", "heap and text as rows", expected=f"{self.heap} and {self.text}",
                      found=f"{self.heap_bytes} and {self.text_bytes}")

    def column(self, name):
        """The values of one field of the records, whatever the other streams are. The rules about order are checked too."""
        keys = [i for i, field in enumerate(self.schema.root.fields) if field.name == name]
        node = self.plan.root.children.get(keys[0]) if self.plan.root else None
        if self.plan.root in self.lost or node in self.lost or node in self.partial:
            raise self.faults[0]
        self.start()
        ty = self.schema.types[self.schema.root.fields[keys[0]].type]
        return [self.visit(ty, node, 0) for _ in range(self.count)]

    def start(self):
        self.cursors, self.heap, self.text = {node: iter(values) for node, values in self.columns.items()}, 0, 0

    def visit(self, ty, node, depth):
        """The next value of a type at its place in the plan; `node` is None for a type without streams."""
        if node in self.lost:
            return MISSING
        kind = ty.kind
        if node and node.streams:
            value = next(self.cursors[node])
            if node.streams[0][1] == ROWS:
                self.measure(ty, value)
                return value
            if kind == OPTION:
                return (self.part(ty, node, "element", depth),) if value else None
            if kind == ENUM:
                return value, self.fields(ty.variants[value].fields, node, depth, value)
            if kind in (LIST, SET, MAP):
                return self.sequence(ty, node, depth, value)
            if kind in (STRING, BYTES, OPAQUE):
                self.measure(ty, value)
            return value
        if kind == UNIT:
            return None
        if kind == BOX:
            self.reserve(self.schema.types[ty.element], 1)
            return self.part(ty, node, "element", self.deeper(node, depth))
        if kind == NEWTYPE:
            return self.part(ty, node, "element", depth)
        if kind == ARRAY:
            return [self.part(ty, node, "element", depth) for _ in range(ty.count)]
        return self.fields(ty.fields, node, depth)

    def part(self, ty, node, key, depth):
        index = ty.key if key == "key" else ty.element
        return self.visit(self.schema.types[index], node and node.children.get(key), depth)

    def fields(self, fields, node, depth, variant=None):
        children, types = node.children if node else {}, self.schema.types
        return [self.visit(types[field.type], children.get(i if variant is None else (variant, i)), depth)
                for i, field in enumerate(fields)]

    def sequence(self, ty, node, depth, length):
        if length:
            depth = self.deeper(node, depth)
            self.reserve(ty if ty.kind == MAP else self.schema.types[ty.element], length, ty.kind == MAP)
        if ty.kind == MAP:
            values = [(self.part(ty, node, "key", depth), self.part(ty, node, "element", depth)) for _ in range(length)]
            self.ordered(node, "key", ty.key, [key for key, _ in values])
            return values
        values = [self.part(ty, node, "element", depth) for _ in range(length)]
        if ty.kind == SET:
            self.ordered(node, "element", ty.element, values)
        return values

    def ordered(self, node, key, index, values):
        child = node.children.get(key)
        problem = None
        if child not in self.lost and child not in self.partial:
            problem = disorder(self.schema, self.schema.types[index], values)
        if problem:
            raise broken("M5.4-1", problem[1], offset=self.base - LINE, place=self.place, path=node.path(), found=f"entry {problem[0]}")

    def deeper(self, node, depth):
        if depth >= MAX_DEPTH:
            raise broken("M7-5", "more than 64 references from a record to a value", offset=self.base - LINE, place=self.place,
                         path=node and node.path())
        return depth + 1

    def reserve(self, ty, count, entries=False):
        """Counts the bytes that elements take in the heap of rows."""
        size, align = self.schema.entry(ty)[1:] if entries else (ty.size, ty.align)
        self.heap = up(self.heap, align) + count * size
        if self.heap > self.heap_bytes:
            self.fail("M7.1-6", "heap as rows", expected=f"at least {self.heap}", found=str(self.heap_bytes))

    def measure(self, ty, value):
        """Counts what a value takes in heap and text of rows."""
        kind, types = ty.kind, self.schema.types
        if kind == STRING:
            self.text += len(value.encode())
        elif kind in (BYTES, OPAQUE):
            self.heap += len(value)
        elif kind in (NEWTYPE, BOX):
            if kind == BOX:
                self.reserve(types[ty.element], 1)
            self.measure(types[ty.element], value)
        elif kind == OPTION and value is not None:
            self.measure(types[ty.element], value[0])
        elif kind in (LIST, SET, ARRAY, MAP) and value:
            if kind != ARRAY:
                self.reserve(ty if kind == MAP else types[ty.element], len(value), kind == MAP)
            for item in value:
                if kind == MAP:
                    self.measure(types[ty.key], item[0])
                self.measure(types[ty.element], item[1] if kind == MAP else item)
        elif kind in (STRUCT, TUPLE):
            for field, item in zip(ty.fields, value):
                self.measure(types[field.type], item)
        elif kind == ENUM:
            for field, item in zip(ty.variants[value[0]].fields, value[1]):
                self.measure(types[field.type], item)
