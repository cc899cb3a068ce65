"""Sections 6.1 and 8: the tables, schemas and metadata of a file, from its blocks without the index."""

import struct

from .common import BLOCK_KINDS, COLUMNS, DATA, Fault, INDEX, LINE, MAX_SCHEMA_BYTES, META, PAD, SCHEMA, UNSUPPORTED, nonzero
from .evolve import may_follow
from .payload import Payload
from .records import Records
from .schema import BYTES, Cursor, MAP, STRING, Schema


class Table:
    def __init__(self, number, name):
        self.number, self.name, self.count, self.schemas = number, name, 0, []
        self.blocks, self.stored, self.replaced = {}, 0, 0  # first record -> the current block


class Contents:
    """The contents of a file, collected by a walk over all blocks without the index."""

    def __init__(self, hydra, on_fault=None):
        self.hydra, self.on_fault = hydra, on_fault
        self.tables, self.schemas, self.owners, self.copies = {}, {}, {}, {}
        self.current = set()  # offsets of DATA blocks that hold, or held, the current version of their records
        self.seen, self.blocks = {kind: 0 for kind in BLOCK_KINDS}, []
        self.metadata, self.newest, self.directory, self.last_directory = [], {}, 0, 0
        # A damaged block without records is lost; a damaged SCHEMA block has an unknown version.
        self.lost = self.unknown = False
        for block in hydra.walk(on_fault and self.walked):
            try:
                self.add(block)
            except Fault as fault:
                self.lost |= block.kind != DATA
                self.unknown |= block.kind == SCHEMA and fault.code in UNSUPPORTED
                if not on_fault:
                    raise
                on_fault(fault)

    def walked(self, fault):
        self.lost |= fault.what != "the distance to the block before"
        self.on_fault(fault)

    def add(self, block):
        self.blocks.append(block)
        if block.kind not in BLOCK_KINDS:
            return
        if block.kind == PAD:
            return self.on_fault and block.require_supported()
        if block.kind == DATA:
            # The header counts even if the payload is damaged.
            self.add_data(block)
        block.require_supported()
        if block.kind == SCHEMA:
            self.add_schema(block)
        elif block.kind == META:
            self.add_meta(block)
        elif block.kind == INDEX:
            self.add_index(block)

    def link(self, block, data, name):
        """Checks that the first u64 of these payloads is the offset of the previous block of the same kind."""
        found, before = struct.unpack_from("<Q", data)[0] if len(data) >= 8 else None, self.newest.get(block.kind, 0)
        self.newest[block.kind] = block.offset
        if found != before and not self.lost:
            self.report(Fault("HY0206", f"the offset of the {name} block before", block.offset, block.place(),
                              expected=f"{before:#x}", found=f"{found or 0:#x}"))

    def note(self, finding):
        """Rules that only a full check covers."""
        if self.on_fault:
            self.on_fault(finding)

    def report(self, fault):
        if not self.on_fault:
            raise fault
        self.on_fault(fault)

    def add_schema(self, block):
        data = self.hydra.payload(block)
        self.link(block, data, "SCHEMA")
        try:
            cursor = Cursor(data)
            _, number, core, notes, zero = (cursor.number(width) for width in (8, 4, 4, 4, 4))
            if zero:
                self.note(Fault("HY0205", "bytes that must be zero are not", block.offset, block.place()))
            name = cursor.name()
            if core + notes > MAX_SCHEMA_BYTES:
                raise Fault("HY0401", "core and notes above 16 MiB")
            if not name:
                raise Fault("HY0401", "a table without a name")
            core, notes = cursor.take(core), cursor.take(notes)
            if not cursor.done():
                raise Fault("HY0401", "a payload with bytes left over")
            known = self.schemas.get(number)
            if known and (known.core != core or self.owners[number].name != name):
                raise Fault("HY0401", f"schema {number} appears again as another one")
            following = max(self.schemas, default=0) + 1
            if number < 1:
                raise Fault("HY0401", "the schema id is 0")
            schema = Schema(core, notes)
            if not known and number != following and not self.lost:
                self.report(Fault("HY0401", "the schema id", block.offset, expected=str(following), found=str(number)))
            if known and known.notes_bytes != notes:
                self.note(Fault("HY0205", "a copy of a schema with other notes", block.offset, block.place()))
            if not known:
                self.generation(block, name, schema)
        except Fault as fault:
            fault.offset, fault.place = block.offset, block.place()
            raise
        if not known:
            table = self.tables.setdefault(name, Table(len(self.tables), name))
            table.schemas.append(number)
            self.owners[number] = table
        self.schemas[number], self.copies[number] = schema, block.offset

    def generation(self, block, name, schema):
        """Rules that only a full check covers: the canonical form, and 16.4."""
        problem = schema.canonical_problem() if self.on_fault else None
        if problem:
            self.note(Fault("HY0205", problem, block.offset, block.place()))
        others = [self.schemas[number] for number in self.tables[name].schemas] if name in self.tables else []
        if self.on_fault and others and not may_follow(schema, others):
            self.note(Fault("HY0402", "no reader shows it with the other schemas of its table", block.offset, block.place()))

    def add_data(self, block):
        schema, table = self.schemas.get(block.schema_id), self.owners.get(block.schema_id)
        place = block.place()
        if not schema:
            code = "HY0203" if self.unknown else "HY0401"
            raise Fault(code, f"no schema {block.schema_id} comes before", block.offset, place)
        if block.count < 1:
            raise Fault("HY0201", "the record count is 0", block.offset, place)
        if block.stride != schema.root.size:
            self.report(Fault("HY0201", "count and stride", block.offset, f"table {table.name}, {place}",
                              expected=f"at least 1 and {schema.root.size}", found=f"{block.count} and {block.stride}"))
        if block.replaces:
            current = table.blocks.get(block.first)
            if not current or (current.count, current.schema_id) != (block.count, block.schema_id):
                raise Fault("HY0206", "a replacement that replaces no current block", block.offset, place)
            table.replaced += 1
        elif block.first != table.count:
            self.report(Fault("HY0206", f"table {table.name}: records are missing or doubled", block.offset, place,
                              expected=str(table.count), found=str(block.first)))
        table.blocks[block.first] = block
        self.current.add(block.offset)
        table.count = max(table.count, block.first + block.count)

    def add_meta(self, block):
        data = self.hydra.payload(block)
        self.link(block, data, "META")
        if len(data) < LINE:
            raise Fault("HY0302", "the payload is too short", block.offset, block.place())
        audit = [] if self.on_fault else None
        payload = Payload(metadata_schema(), data[LINE:], 1, struct.unpack_from("<I", data, 8)[0],
                          block.offset + 2 * LINE, block.place(), audit)
        self.metadata = list(payload.records())[0]
        first = nonzero(data[12:LINE])
        if first is not None:
            self.note(Fault("HY0205", "bytes that must be zero are not", block.offset + LINE + 12 + first, block.place()))
        for finding in audit or []:
            self.note(finding)

    def add_index(self, block):
        data = self.hydra.payload(block)
        self.link(block, data, "INDEX")
        if len(data) > 12 and data[12] == 0:
            self.directory, self.last_directory = block.offset, len(self.blocks)

    def records(self, table, audit=None):
        """(schema, value) of every record of a table, block by block."""
        for _, block in sorted(table.blocks.items()):
            schema = self.schemas[block.schema_id]
            if block.stride != schema.root.size or block.unsupported():
                continue  # reported when the block was found
            try:
                # The text offset of rows, or the CRC of the directory of columns.
                kind = Records if block.layout == COLUMNS else Payload
                payload = kind(schema, self.hydra.payload(block), block.count, block.text_offset, block.offset + LINE,
                               f"table {table.name}, {block.place()}", audit)
                for value in payload.records():
                    yield schema, value
            except Fault as fault:
                self.report(fault)


def metadata_schema():
    """Returns the schema of map<string,bytes>, built as 6.2 describes it."""
    def entry(kind, size, align, body=b""):
        raw = struct.pack("<BBBbII", kind, 0, 0, 0, size, align) + body
        return struct.pack("<I", len(raw)) + raw
    types = entry(MAP, 8, 4, struct.pack("<II", 1, 2)) + entry(STRING, 8, 4) + entry(BYTES, 8, 4)
    return Schema(struct.pack("<HHI", 1, 0, 3) + types)
