"""Section 7.2: the streams of a schema, and which slots of a stream are absent."""

from .schema import (
    ARRAY, BOOL, BOX, BYTES, CHAR, ENUM, F32, F64, INTEGERS, LIST, MAP, NEWTYPE, OPAQUE, OPTION, SET, STRING, STRUCT,
    TUPLE,
)

MAX_STREAMS = 4096  # with the boxes
FLAT_DEPTH = 32  # from here on, whatever has parts is stored as rows

# What a stream is. The table of 7.3 has one column for bits and presence.
BITS, VALUES, FLOATS, OFFSETS, CUTS, RUN, ROWS = "bits", "values", "floats", "offsets", "offsets of strings", "run", "rows"
OWN = {BOOL: [BITS], CHAR: [VALUES], F32: [FLOATS], F64: [FLOATS], OPTION: [BITS], ENUM: [VALUES],
       LIST: [OFFSETS], SET: [OFFSETS], MAP: [OFFSETS],
       STRING: [CUTS, RUN], BYTES: [CUTS, RUN], OPAQUE: [CUTS, RUN]} | {kind: [VALUES] for kind in INTEGERS}
PARTS = (OPTION, LIST, SET, MAP, ARRAY, STRUCT, TUPLE, NEWTYPE, BOX, ENUM)


def parts(ty):
    """What is in a type, in the order of its streams: (key, index of the type); arguments are not."""
    inner = [("key", ty.key), ("element", ty.element)]
    fields = [(i, field.type) for i, field in enumerate(ty.fields)]
    fields += [((v, i), field.type) for v, variant in enumerate(ty.variants) for i, field in enumerate(variant.fields)]
    return [(key, index) for key, index in inner if index is not None] + fields


class Node:
    """A type in its place in the tree below the root, with its streams."""

    def __init__(self, index, ty, name, parent, depth):
        self.index, self.ty, self.name, self.parent, self.depth = index, ty, name, parent, depth
        self.streams, self.children = [], {}  # (number, what it is); the parts that have streams

    def path(self):
        return (self.parent.path() if self.parent else "") + self.name


class Plan:
    """The tree of all types but empty ones; None if there is none. `streams` says what each is, by its number."""

    def __init__(self, schema):
        self.types, self.streams, self.boxes, self.too_many = schema.types, [], 0, False
        self.recursive, self.bearing, self.inside = recursive(self.types), bearing(self.types), {}
        self.root = self.node(0, "", None, 0, 0) if 0 in self.bearing else None

    def node(self, index, name, parent, below, depth):
        """`below`: how many types it is below the root; `depth`: how many references lead to it."""
        ty = self.types[index]
        node = Node(index, ty, name, parent, depth)
        flat = ty.kind in PARTS and (below >= FLAT_DEPTH or index in self.recursive)
        for what in [ROWS] if flat else OWN.get(ty.kind, []):
            node.streams.append((len(self.streams), what))
            self.streams.append(what)
        self.boxes += ty.kind == BOX and not flat
        self.too_many |= len(self.streams) + self.boxes > MAX_STREAMS
        if not flat:
            depth += ty.kind in (LIST, SET, MAP, BOX)
            for key, child in self.parts_of(index):
                if self.too_many:
                    break
                node.children[key] = self.node(child, step(ty, key), node, below + 1, depth)
        return node

    def parts_of(self, index):
        if index not in self.inside:
            self.inside[index] = [(key, child) for key, child in parts(self.types[index]) if child in self.bearing]
        return self.inside[index]


def plan_of(schema):
    if not hasattr(schema, "plan"):
        schema.plan = Plan(schema)
    return schema.plan


def step(ty, key):
    """The name of a part in a path."""
    if isinstance(key, tuple):
        variant = ty.variants[key[0]]
        return f":{variant.name}.{variant.fields[key[1]].name}"
    if isinstance(key, int):
        return f".{ty.fields[key].name}"
    if ty.kind == MAP:
        return "[].0" if key == "key" else "[].1"
    return {OPTION: "?", NEWTYPE: "", BOX: ""}.get(ty.kind, "[]")


def bearing(types):
    """The types that have a stream or a reference: all but units and what consists of them."""
    users = {}
    for index, ty in enumerate(types):
        for _, child in parts(ty):
            users.setdefault(child, []).append(index)
    found = {index for index, ty in enumerate(types) if ty.kind in OWN or ty.kind == BOX}
    work = list(found)
    while work:
        for user in users.get(work.pop(), []):
            if user not in found:
                found.add(user)
                work.append(user)
    return found


def recursive(types):
    """The types that can contain themselves: those on a cycle, found as strongly connected components (Tarjan)."""
    found, order, low, stack, on_stack = set(), {}, {}, [], set()
    for start in range(len(types)):
        work = [(start, None)] if start not in order else []
        while work:
            index, rest = work.pop()
            if rest is None:
                order[index] = low[index] = len(order)
                stack.append(index)
                on_stack.add(index)
                rest = iter([child for _, child in parts(types[index])])
            for child in rest:
                if child not in order:
                    work += [(index, rest), (child, None)]
                    break
                if child in on_stack:
                    low[index] = min(low[index], order[child])
                    if child == index:
                        found.add(index)
            else:
                component = close(index, order, low, stack, on_stack)
                if len(component) > 1:
                    found.update(component)
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[index])
    return found


def close(index, order, low, stack, on_stack):
    """Takes the component that begins with a type off the stack; nothing if none begins with it."""
    component = []
    if low[index] == order[index]:
        while index not in component[-1:]:
            component.append(stack.pop())
        on_stack.difference_update(component)
    return component


class Slots:
    """The slots of a stream as runs (present, length), so that many absent slots take little memory."""

    def __init__(self, runs):
        self.runs = []
        for present, length in runs:
            if length and self.runs and self.runs[-1][0] == present:
                self.runs[-1] = present, self.runs[-1][1] + length
            elif length:
                self.runs.append((present, length))
        self.total = sum(length for _, length in self.runs)
        self.present = sum(length for present, length in self.runs if present)

    @classmethod
    def all(cls, count):
        return cls([(True, count)])

    def times(self, count):
        """The slots of the elements of arrays."""
        return Slots((present, length * count) for present, length in self.runs)

    def only(self, bits):
        """The slots of the values of options; `bits` are those of the slots that are not absent."""
        return Slots(self.cut(bits))

    def cut(self, bits):
        at = 0
        for present, length in self.runs:
            if not present:
                yield False, length
                continue
            for bit in bits[at:at + length]:
                yield bit, 1
            at += length

    def places(self):
        """(present, first slot, slot after the last) of each run."""
        at = 0
        for present, length in self.runs:
            yield present, at, at + length
            at += length
