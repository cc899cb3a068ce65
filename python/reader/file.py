"""Sections 3, 4 and 10.2: the header region, commit records, block headers, and the walk over blocks."""

import os
import struct
import time

from .common import (
    BLOCK_KINDS, BLOCK_MAGIC, COLUMNS, DATA, FILE_MAGIC, Fault, HEADER_REGION, LINE, MAX_BLOCK_BYTES, PAD, ROWS, crc,
    nonzero, up,
)


class File:
    """A regular file that is read at offsets; nothing is kept in memory."""

    def __init__(self, path):
        self.path = str(path)
        try:
            self.handle = os.open(path, os.O_RDONLY)
            self.length = os.fstat(self.handle).st_size
        except FileNotFoundError as error:
            raise Fault("HY0002", str(error)) from error
        except OSError as error:
            raise Fault("HY0001", str(error)) from error

    def read(self, offset, length):
        """Reads `length` bytes, or fewer at the end of the file."""
        parts = []
        length = max(0, min(length, self.length - offset))
        while length:
            part = os.pread(self.handle, min(length, 1 << 20), offset)
            if not part:
                break
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return b"".join(parts)

    def exactly(self, offset, length):
        data = self.read(offset, length)
        if len(data) < length:
            raise Fault("HY0106", offset=offset, expected=f"{length} bytes", found=f"{len(data)} bytes")
        return data

    def __del__(self):
        if hasattr(self, "handle"):
            os.close(self.handle)


def parse_header_line(line):
    """3.1: (major, minor, incompat, read-only, compat, file id), or None when the line is not valid."""
    if len(line) < LINE or line[:8] != FILE_MAGIC or crc(line[:60]) != struct.unpack_from("<I", line, 60)[0]:
        return None
    return struct.unpack_from("<8xHH4xQQQ16s", line)


class Commit:
    """3.2: one commit record."""

    FIELDS = ("sequence", "committed", "synced", "last_block", "directory", "schema", "meta",
              "records", "blocks", "epoch", "flags")

    def __init__(self, raw, slot):
        self.raw, self.slot = raw, slot
        for name, value in zip(self.FIELDS, struct.unpack_from("<9QII", raw)):
            setattr(self, name, value)

    def fields(self):
        return [getattr(self, name) for name in self.FIELDS]

    def offsets(self):
        return {"last block": self.last_block, "directory": self.directory, "schema": self.schema, "meta": self.meta}

    def problem(self, file_id):
        stored = struct.unpack_from("<I", self.raw, 124)[0]
        if crc(file_id + self.raw[:124]) != stored:
            return "its checksum does not match"
        if not self.sequence or not self.epoch:
            return "its sequence or its epoch is 0"
        if not HEADER_REGION <= self.synced <= self.committed:
            return "its lengths are out of order"
        if self.synced % LINE or self.committed % LINE:
            return "its lengths are not whole lines"
        for name, offset in self.offsets().items():
            if offset and (offset % LINE or not HEADER_REGION <= offset < self.committed):
                return f"its {name} offset 0x{offset:x} is outside the committed blocks"
        return None


def mangled(start):
    """Describes how a wrong magic was changed."""
    if not start:
        return "the file is empty"
    if len(start) < 8:
        return f"the file has only {len(start)} bytes"
    names = {
        bytes(b & 0x7F for b in FILE_MAGIC): "the high bits were stripped, as by a 7-bit transfer",
        FILE_MAGIC.replace(b"\r\n", b"\n"): "CRLF became LF, as by a transfer in text mode",
        FILE_MAGIC[:4] + b"\r\r\n": "LF became CRLF, as by a transfer in text mode",
        FILE_MAGIC.decode("latin-1").encode(): "it was encoded again as UTF-8",
        b"\xef\xbf\xbdHYD": "it was decoded as UTF-8 and lost bytes",
        bytes(8): "the start is zeros",
    }
    return next((why for prefix, why in names.items() if start.startswith(prefix)), f"it starts with {start[:8].hex(' ')}")


class Hydra:
    """An open file: its header, the current commit record, and the problems found while opening it."""

    def __init__(self, path):
        self.file, self.notices = File(path), []
        self.open_header()
        self.open_commits()

    def open_header(self):
        first, second = (parse_header_line(self.file.read(offset, LINE)) for offset in (0, 4096))
        if not first and not second:
            start = self.file.read(0, 16)
            if start.startswith(FILE_MAGIC):
                raise Fault("HY0102", "neither header line is valid", offset=60)
            raise Fault("HY0101", mangled(start), offset=0)
        if first and second and first != second:
            raise Fault("HY0102", "the two header lines differ", offset=4096)
        for header, offset in ((first, 0), (second, 4096)):
            if not header:
                self.notices.append(Fault("HY0102", "one of the two header lines is damaged", offset=offset))
        self.major, self.minor, incompat, self.read_only, self.compat, self.file_id = first or second
        if self.major != 0:
            raise Fault("HY0103", "another major version", offset=8, expected="0", found=str(self.major))
        if incompat:
            raise Fault("HY0103", "an unknown incompat feature", offset=16, expected="0", found=f"{incompat:#x}")
        self.file_id_low = struct.unpack("<Q", self.file_id[:8])[0]

    def read_commits(self):
        """10.2 steps 1 and 2: the valid records, newest first, and the problems of the others."""
        valid, faults = [], []
        for slot, offset in enumerate((512, 4608)):
            raw = self.file.read(offset, 128)
            record = Commit(raw, slot) if len(raw) == 128 else None
            problem = record.problem(self.file_id) if record else "the file ends before it"
            if problem:
                faults.append(Fault("HY0105", f"slot {slot}: {problem}", offset=offset))
            else:
                valid.append(record)
        if len(valid) == 2 and valid[0].sequence == valid[1].sequence:
            if valid[0].fields() == valid[1].fields():
                valid.pop()
            else:
                faults.append(Fault("HY0105", "two different records have the same sequence", offset=512))
                valid.clear()
        return sorted(valid, key=lambda record: -record.sequence), faults

    def open_commits(self):
        deadline = time.monotonic() + 0.010
        valid, faults = self.read_commits()
        while faults and time.monotonic() < deadline:
            valid, faults = self.read_commits()
        self.notices += faults
        if not valid:
            raise Fault("HY0105", "; ".join(fault.what for fault in faults), offset=512)
        torn = self.range_fault(valid[0])
        if torn:
            self.notices.append(torn)
            valid.pop(0)
        if not valid:
            raise Fault("HY0105", "the only valid record names blocks that do not check", offset=512)
        self.commit = valid[0]
        if self.file.length < self.commit.committed:
            self.notices.append(Fault("HY0106", offset=self.file.length, expected=f"{self.commit.committed} bytes",
                                      found=f"{self.file.length}"))

    def range_fault(self, record):
        """10.2 step 3: the problem in the range that was not synced; None if there is none."""
        offset = record.synced
        try:
            while offset < record.committed:
                block = self.block(offset, record.committed)
                if block.epoch != record.epoch:
                    return Fault("HY0206", "a block of another epoch", offset=offset)
                payload = self.payload(block)
                rest = block.offset + LINE + len(payload)
                if block.kind != PAD and any(self.file.exactly(rest, block.end - rest)):
                    return Fault("HY0205", "bytes after a payload that are not zero", offset=rest)
                offset = block.end
        except Fault as fault:
            return fault
        whole = record.synced == offset or self.file.length >= offset
        return None if whole else Fault("HY0106", offset=self.file.length)

    # 4 Blocks

    def block(self, offset, limit):
        """4.1: the block header at `offset`, which must be valid and end by `limit`."""
        block = Block(offset, self.file.exactly(offset, LINE))
        problem = block.problem(self.file_id_low)
        if problem:
            raise Fault("HY0201", problem, offset=offset)
        if block.end > limit:
            raise Fault("HY0201", "the block ends beyond the committed length", offset=offset)
        return block

    def payload(self, block):
        data = self.file.exactly(block.offset + LINE, block.payload_bytes)
        if crc(data) != block.payload_crc:
            raise Fault("HY0202", offset=block.offset, place=block.place(),
                        expected=f"{block.payload_crc:#010x}", found=f"{crc(data):#010x}")
        return data

    def walk(self, on_fault=None):
        """4.2: every block below the committed length. A fault is raised, or passed to `on_fault` and skipped."""
        offset, before, epoch, stale = HEADER_REGION, 0, 1, None
        while offset < self.limit():
            try:
                block = self.block(offset, self.limit())
                if not epoch <= block.epoch <= self.commit.epoch:
                    raise Fault("HY0206", "the epoch does not fit", offset=offset,
                                expected=f"{epoch}..{self.commit.epoch}", found=str(block.epoch))
            except Fault as fault:
                if not on_fault:
                    raise
                on_fault(fault)
                if stale is None:
                    stale = self.stale(offset, epoch)
                offset, before = self.resume(offset + LINE, epoch, stale), None
                continue
            distance = 0 if before == 0 else block.distance if before is None else (offset - before) // LINE
            if block.distance != distance:
                fault = Fault("HY0206", "the distance to the block before", offset=offset,
                              expected=str(distance), found=str(block.distance))
                if not on_fault:
                    raise fault
                on_fault(fault)
            yield block
            before, epoch, offset = block.offset, block.epoch, block.end

    def limit(self):
        return min(self.commit.committed, self.file.length)

    def resume(self, offset, epoch, stale=()):
        """4.2: the first line at or after `offset` that is a valid block header for its place in this file."""
        while offset < self.limit():
            inside = next((end for start, end in stale if start < offset < end), None)
            if inside:
                offset = inside
                continue
            try:
                block = self.block(offset, self.limit())
                if epoch <= block.epoch <= self.commit.epoch:
                    return offset
            except Fault:
                pass
            offset += LINE
        return offset

    def stale(self, damage, epoch):
        """4.2: the ranges between a later block and the block that its header names as the previous one."""
        offset, last, found = self.resume(damage + LINE, epoch), damage, []

        def follow(at, before):
            nonlocal last, found
            if damage <= before < last:
                found = [(start, end) for start, end in found if end <= before] + [(before, at)]
            last = at
        while offset < self.limit():
            try:
                block = self.block(offset, self.limit())
                if not epoch <= block.epoch <= self.commit.epoch:
                    raise Fault("HY0206")
            except Fault:
                offset = self.resume(offset + LINE, epoch)
                continue
            follow(offset, offset - block.distance * LINE)
            epoch, offset = block.epoch, block.end
        if self.limit() == self.commit.committed:
            follow(self.commit.committed, self.commit.last_block)
        return found


class Block:
    """4.1: one block header."""

    def __init__(self, offset, raw):
        self.offset, self.raw = offset, raw
        (self.magic, self.kind, self.flags, self.layout, self.encoding, self.lines, self.schema_id, self.sync,
         self.first, self.count, self.stride, self.distance, self.payload_bytes, self.epoch, self.text_offset,
         self.payload_crc, self.crc) = struct.unpack("<4s4BIIQQ8I", raw)
        self.end = offset + self.lines * LINE
        self.replaces = bool(self.flags & 1)

    def problem(self, file_id_low):
        if self.magic != BLOCK_MAGIC:
            return "no block starts here"
        if crc(self.raw[:60]) != self.crc:
            return "the header's checksum does not match"
        if self.sync != file_id_low ^ self.offset:
            return "the header belongs to another place or file"
        if self.lines < 1:
            return "the length is zero"
        if self.kind == PAD:
            return None if self.payload_bytes == 0 else "a PAD block has a payload"
        if up(LINE + self.payload_bytes, LINE) != self.lines * LINE:
            return "the lengths of block and payload do not fit"
        return "the block is larger than 256 MiB" if self.lines * LINE > MAX_BLOCK_BYTES else None

    def place(self):
        name = BLOCK_KINDS.get(self.kind, f"kind {self.kind}")
        return f"{name} block" + (f", records {self.first}..{self.first + self.count - 1}" if self.kind == DATA else "")

    def unsupported(self):
        layouts = (ROWS, COLUMNS) if self.kind == DATA else (ROWS,)
        return self.flags & ~1 or self.layout not in layouts or self.encoding

    def require_supported(self):
        if self.unsupported():
            raise Fault("HY0203", "an unknown flag, layout or encoding", offset=self.offset, place=self.place(),
                        found=f"{self.flags}, {self.layout} and {self.encoding}")

    def stray_fields(self):
        """Offsets of the fields that must be 0 in the header of a block that is not DATA."""
        if self.kind == DATA or self.kind not in BLOCK_KINDS:
            return []
        places = [(5, 1), (12, 4), (24, 8), (32, 4), (36, 4), (52, 4)] + [(56, 4)] * (self.kind == PAD)
        found = [(at, nonzero(self.raw[at:at + length])) for at, length in places]
        return [self.offset + at + byte for at, byte in found if byte is not None]
