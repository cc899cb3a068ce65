"""Section 16: whether records of one schema can be read with another, and which schema of a table is the newest."""

from .schema import (
    ARRAY, BOX, ENUM, F32, F64, INTEGERS, LIST, MAP, NEWTYPE, OPTION, SET, STRING, STRUCT, TUPLE, UNIT, WIDTHS,
)

ALIAS, DEFAULT, VERSION, OTHER = 2, 3, 6, 10
MOST_SCHEMAS = 16


class Change:
    """16.1, from a source to a target: `fits` if no part is incompatible, `removes` if a field or variant is removed."""

    def __init__(self, source, target):
        self.source, self.target, self.seen = source, target, set()
        self.fits, self.removes = True, False
        if source.core != target.core:
            self.types(0, 0, False)

    def types(self, i, j, key):
        if (i, j, key) in self.seen:
            return
        self.seen.add((i, j, key))
        s, t = self.source.types[i], self.target.types[j]
        if t.kind == OPTION and self.peeled(self.source, i).kind != OPTION:
            return self.types(i, t.element, key)
        if NEWTYPE in (s.kind, t.kind):
            return self.inside(i, j, key)
        if s.kind == STRING and t.kind == ENUM and not key:
            self.fits &= not any(variant.fields for variant in t.variants)
        elif s.kind != t.kind or s.kind in INTEGERS or s.form != t.form or s.exponent != t.exponent:
            self.fits &= self.widens(s, t)
        elif s.kind in (STRUCT, TUPLE):
            self.fields((i, 0, s.fields), (j, 0, t.fields), key)
        elif s.kind == ENUM:
            self.variants(i, j, key)
        elif s.kind == MAP:
            self.types(s.key, t.key, True)
            self.types(s.element, t.element, key)
        elif s.kind in (OPTION, LIST, SET, BOX, ARRAY):
            self.fits &= s.count == t.count
            self.types(s.element, t.element, key or s.kind == SET)

    def peeled(self, schema, i):
        while schema.types[i].kind == NEWTYPE:
            i = schema.types[i].element
        return schema.types[i]

    def inside(self, i, j, key):
        """Compares a newtype with its content, or with a struct of one field."""
        s, t = self.source.types[i], self.target.types[j]
        if s.kind == NEWTYPE and t.kind == NEWTYPE:
            return self.types(s.element, t.element, key)
        own, other = (s, t) if s.kind == NEWTYPE else (t, s)
        schema = self.source if own is s else self.target
        single = other.kind == STRUCT and len(other.fields) == 1 and self.peeled(schema, own.element).kind != STRUCT
        against = other.fields[0].type if single else (j if own is s else i)
        return self.types(own.element, against, key) if own is s else self.types(against, own.element, key)

    @staticmethod
    def widens(s, t):
        if (s.form, s.exponent) != (t.form, t.exponent) or t.flags > s.flags:
            return False
        if s.kind == t.kind:
            return s.kind not in (ARRAY,)
        if s.kind == F32:
            return t.kind == F64
        if s.kind not in INTEGERS:
            return False
        signed, width = s.kind < 9, WIDTHS[s.kind]
        if t.kind in (F32, F64):
            return width <= (2 if t.kind == F32 else 4)
        return t.kind in INTEGERS and WIDTHS[t.kind] > width and (t.kind < 9 or not signed)

    def aliases(self, schema, place):
        return [note[4] for note in schema.notes if note[:3] == place and note[3] == ALIAS]

    def pairs(self, sources, targets, name_of):
        """Returns the position of the part of the source for each part of the target."""
        own = {part.name: n for n, part in enumerate(sources)}
        found, used = {}, set()

        def take(j, i):
            if i is not None and i not in used and j not in found:
                found[j] = i
                used.add(i)
        for j, part in enumerate(targets):
            take(j, own.get(part.name))
        for j, _ in enumerate(targets):
            for alias in self.aliases(self.target, name_of(1, j)):
                take(j, own.get(alias))
        for j, part in enumerate(targets):
            for i, _ in enumerate(sources):
                if part.name in self.aliases(self.source, name_of(0, i)):
                    take(j, i)
        return found

    def fields(self, source, target, key):
        (i, v, sources), (j, w, targets) = source, target
        found = self.pairs(sources, targets, lambda side, n: ((i, v), (j, w))[side] + (n + 1,))
        if len(found) < len(sources):
            self.removes, self.fits = True, self.fits and not key
        for n, field in enumerate(targets):
            has_default = any(note[:4] == (j, w, n + 1, DEFAULT) for note in self.target.notes)
            ty = self.target.types[field.type]
            if n not in found:
                self.fits = self.fits and (has_default or ty.kind in (OPTION, UNIT))
                continue
            at = sources[found[n]].type
            own = self.source.types[at]
            if own.kind == OPTION and self.peeled(self.target, field.type).kind != OPTION and has_default:
                at = own.element
            self.types(at, field.type, key)

    def variants(self, i, j, key):
        sources, targets = self.source.types[i].variants, self.target.types[j].variants
        found = self.pairs(sources, targets, lambda side, n: ((i, n + 1, 0), (j, n + 1, 0))[side])
        if len(found) < len(sources):
            self.removes, self.fits = True, self.fits and not key
        if key:
            tags = [targets[n].tag for n, _ in sorted(found.items(), key=lambda pair: sources[pair[1]].tag)]
            self.fits = self.fits and tags == sorted(tags)
        for n, m in found.items():
            self.fields((i, m + 1, sources[m].fields), (j, n + 1, targets[n].fields), key)


def version(schema):
    return next((note[4] for note in schema.notes if note[:4] == (0, 0, 0, VERSION)), 0)


def is_older(later, earlier):
    """16.3: compares two schemas of one table."""
    if version(later) != version(earlier):
        return version(later) < version(earlier)
    return Change(later, earlier).fits and Change(earlier, later).removes


def newest(schemas):
    found, *others = schemas[-MOST_SCHEMAS:]
    for schema in others:
        found = found if is_older(schema, found) else schema
    return found


def may_follow(schema, others):
    """16.4: returns whether a table with these schemas may get another one."""
    last = newest(others)
    if is_older(schema, last):
        way = Change(schema, last)
        return way.fits and (version(schema) != version(last) or not way.removes)
    if not all(Change(other, schema).fits for other in others[-MOST_SCHEMAS:]):
        return False
    return version(schema) != version(last) or not Change(last, schema).removes or Change(schema, last).fits
