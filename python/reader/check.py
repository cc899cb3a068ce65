"""The full check of every rule of the format. Only this module reads section 9, the index."""

import struct

from .common import (
    BLOCK_KINDS, DATA, DIRECTORY_EVERY, Fault, HEADER_REGION, INDEX, LINE, MAX_NODE_ENTRIES, META, PAD,
    SCHEMA, UNSUPPORTED, nonzero, verdict,
)
from .contents import Contents
from .file import Hydra


class Check:
    """Finds all problems of a file."""

    def __init__(self, path):
        self.findings, self.contents = [], None
        try:
            self.hydra = Hydra(path)
        except Fault as fault:
            if fault.code in ("HY0001", "HY0002"):
                raise
            self.findings.append(fault)
            return
        self.findings += self.hydra.notices
        self.header_region()
        self.contents = Contents(self.hydra, self.findings.append)
        self.blocks()
        for table in self.contents.tables.values():
            for _ in self.contents.records(table, self.findings):
                pass
        IndexCheck(self.contents, self.findings).run()
        if not self.contents.lost and self.hydra.limit() == self.hydra.commit.committed:
            self.commit()
            self.closed()

    def verdict(self):
        return verdict([finding.code for finding in self.findings], self.contents)

    def add(self, code, what, offset=None, expected=None, found=None):
        self.findings.append(Fault(code, what, offset, expected=expected, found=found))

    def header_region(self):
        data = self.hydra.file.read(0, HEADER_REGION)
        used = [(12, 4), (56, 4)]
        used = [(page + start, length) for page in (0, 4096)
                for start, length in used + [(64, 448), (512 + 80, 44), (640, 4096 - 640)]]
        for start, length in used:
            first = nonzero(data[start:start + length])
            if first is not None:
                self.add("HY0205", "bytes of the header region that are not zero", start + first)

    def blocks(self):
        for block in self.contents.blocks:
            if block.kind == PAD:
                payload_end = block.end
            else:
                payload_end = block.offset + LINE + block.payload_bytes
                if block.kind != DATA:
                    self.try_payload(block)
            first = nonzero(self.hydra.file.read(payload_end, block.end - payload_end))
            if first is not None:
                self.add("HY0205", "bytes after a payload that are not zero", payload_end + first)
            for at in block.stray_fields():
                self.add("HY0205", f"a field that a {BLOCK_KINDS[block.kind]} block does not have is not zero", at)

    def try_payload(self, block):
        try:
            self.hydra.payload(block)
        except Fault as fault:
            if not any((fault.code, fault.offset) == (known.code, known.offset) for known in self.findings):
                self.findings.append(fault)

    def closed(self):
        """10.5: the end of a file that was closed."""
        blocks = self.contents.blocks
        if not self.hydra.commit.flags & 1 or not blocks:
            return
        if self.contents.directory != blocks[-1].offset:
            self.add("HY0205", "the file was closed, and its last block is no directory", blocks[-1].offset)
        last = max((block.offset for block in blocks if block.kind in (DATA, META)), default=0)
        for number, offset in self.contents.copies.items():
            if offset < last:
                self.add("HY0205", f"the file was closed without a copy of schema {number} at its end", offset)

    def commit(self):
        contents, commit = self.contents, self.hydra.commit
        newest = contents.newest
        totals = {
            "total records": (sum(table.count for table in contents.tables.values()), commit.records),
            "block count": (len(contents.blocks), commit.blocks),
            "last block": (contents.blocks[-1].offset if contents.blocks else 0, commit.last_block),
            "directory": (contents.directory, commit.directory),
            "newest SCHEMA block": (newest.get(SCHEMA, 0), commit.schema),
            "newest META block": (newest.get(META, 0), commit.meta),
        }
        for name, (expected, found) in totals.items():
            if expected != found:
                self.add("HY0206", f"the commit record's {name}", 512 + 4096 * commit.slot, str(expected), str(found))


class IndexCheck:
    """9: compares the newest directory and its nodes with the blocks that the walk found."""

    def __init__(self, contents, findings):
        self.contents, self.findings = contents, findings
        self.by_offset = {block.offset: block for block in contents.blocks}

    def run(self):
        since, due = 0, DIRECTORY_EVERY
        for block in self.contents.blocks:
            since += block.kind != PAD
            if since > due and not self.contents.lost:
                self.findings.append(Fault("HY0205", "no directory", block.offset, block.place(),
                                           expected=f"one every {due:,} blocks", found=f"{since} blocks without one"))
                since = 0
            if block.kind == INDEX:
                try:
                    listed = self.index(block)
                    if listed is not None:
                        since, due = 0, max(DIRECTORY_EVERY, listed)
                except Fault as fault:
                    self.contents.lost |= fault.code in UNSUPPORTED
                    self.findings.append(fault)

    def untidy(self, block):
        self.findings.append(Fault("HY0205", "bytes of an index that must be zero are not, or follow it", block.offset))

    def bad(self, block, what, expected=None, found=None):
        self.findings.append(Fault("HY0204", what, block.offset, block.place(), expected=expected, found=found))

    def parse(self, block):
        data = self.contents.hydra.payload(block)
        if len(data) < LINE:
            raise Fault("HY0204", "the payload is too short", block.offset)
        _, version, size, role, level, zero, tables, schemas, entries, table = struct.unpack_from("<QHHBBHIIII", data)
        if version != 1:
            raise Fault("HY0203", "an index of another version", block.offset, expected="1", found=str(version))
        if size < 40 or role > 1:
            raise Fault("HY0204", "entry size or role", block.offset, expected="40 and 0 or 1", found=f"{size} and {role}")
        start = LINE + tables * 32 + schemas * 24
        if (zero or any(data[32:64]) or (role == 0 and (level or table)) or (role == 1 and (tables or schemas))
                or len(data) > start + entries * size):
            self.untidy(block)
        if len(data) < start + entries * size:
            raise Fault("HY0204", "the length", block.offset, expected=str(start + entries * size), found=str(len(data)))
        rows = [struct.unpack_from("<IIIIQQ", data, LINE + i * 32) for i in range(tables)]
        known = [struct.unpack_from("<IIQII", data, LINE + tables * 32 + i * 24) for i in range(schemas)]
        items = [struct.unpack_from("<QQQIIII", data, start + i * size) for i in range(entries)]
        return role, level, table, rows, known, items

    def index(self, block):
        """The number of blocks that a directory lists."""
        role, level, table, tables, schemas, entries = self.parse(block)
        if role == 1:
            if len(entries) > MAX_NODE_ENTRIES:
                self.bad(block, "entries of a node", "at most 256", str(len(entries)))
            if any(entry[5] != level for entry in entries):
                self.bad(block, "entries of another level than the node says", str(level))
            return None
        if not self.contents.lost:
            self.directory(block, tables, schemas, entries)
        return len(tables) + len(schemas) + len(entries)

    def before(self, block):
        """The blocks that the walk found before a directory: current blocks by table, newest schema blocks."""
        current, newest = {table.number: {} for table in self.contents.tables.values()}, {}
        for other in self.contents.blocks:
            if other.offset >= block.offset:
                break
            owner = self.contents.owners.get(other.schema_id)
            if other.kind == DATA and other.offset in self.contents.current:
                current[owner.number][other.first] = other
            if other.kind == SCHEMA:
                number = struct.unpack("<I", self.contents.hydra.payload(other)[8:12])[0]
                newest[number] = other
        return {number: blocks for number, blocks in current.items()}, newest

    def directory(self, block, tables, schemas, entries):
        current, newest = self.before(block)
        owners = self.contents.owners
        expected = sorted((n, owners[n].number, b.offset, b.lines, 0) for n, b in newest.items() if n in owners)
        if sorted(schemas) != expected:
            self.bad(block, "the schemas", str(expected), str(sorted(schemas)))
        wanted = sorted({owners[n].number for n in newest if n in owners})
        if [row[0] for row in tables] != wanted:
            self.bad(block, "the tables", str(wanted), str([row[0] for row in tables]))
        named = 0
        for number, first, count, zero, records, blocks in tables:
            if first != named or zero:
                self.bad(block, f"the first entry of table {number}", str(named), str(first))
            named += count
            rows = entries[first:first + count]
            flat = [item for entry in rows for item in self.flatten(block, number, entry, 0)]
            truth = [(b.offset, b.first, b.count, b.lines, b.schema_id) for _, b in sorted(current.get(number, {}).items())]
            if flat != truth:
                wrong = next((pair for pair in zip(truth, flat) if pair[0] != pair[1]), (len(truth), len(flat)))
                self.bad(block, f"the entries of table {number}", str(wrong[0]), str(wrong[1]))
            totals = sum(item[2] for item in truth), len(truth)
            if (records, blocks) != totals:
                self.bad(block, f"record and block count of table {number}", str(totals), str((records, blocks)))
        if named != len(entries):
            self.bad(block, "entries that belong to no table", str(named), str(len(entries)))

    def flatten(self, block, table, entry, depth):
        """The DATA blocks below an entry, in order: (offset, first, count, lines, schema id)."""
        offset, first, count, lines, schema_id, level, blocks = entry
        if level == 0:
            if blocks != 1:
                self.bad(block, "the DATA block count of an entry of level 0", "1", str(blocks))
            return [(offset, first, count, lines, schema_id)]
        node = self.by_offset.get(offset)
        if not node or node.kind != INDEX or node.offset >= block.offset or node.lines != lines or depth > 16:
            self.bad(block, f"an entry of level {level} that names no node", found=f"{offset:#x}")
            return []
        role, its_level, its_table, _, _, entries = self.parse(node)
        if (role, its_level, its_table, schema_id) != (1, level - 1, table, 0):
            self.bad(node, "the node is not what its entry says")
            return []
        below = [item for inner in entries for item in self.flatten(node, table, inner, depth + 1)]
        if below and (below[0][1], sum(item[2] for item in below), len(below)) != (first, count, blocks):
            self.bad(node, "the counts of the node's entry")
        return below
