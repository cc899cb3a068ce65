"""Sections 7.3 and 7.5: the encodings of streams, and zstd. Every length is compared before anything is allocated."""

import struct

from .common import Fault
from .streams import BITS, CUTS, FLOATS, OFFSETS, ROWS, RUN, VALUES

PLAIN, CONSTANT, FRAME, DELTA, DICTIONARY, DECIMAL_FRAME, DECIMAL_DELTA = range(7)
ALLOWED = {
    BITS: (PLAIN, CONSTANT), VALUES: (PLAIN, CONSTANT, FRAME, DELTA, DICTIONARY),
    FLOATS: (PLAIN, CONSTANT, DICTIONARY, DECIMAL_FRAME, DECIMAL_DELTA), OFFSETS: (PLAIN, CONSTANT, FRAME, DELTA),
    CUTS: (PLAIN, CONSTANT, FRAME, DELTA, DICTIONARY), RUN: (PLAIN,), ROWS: (PLAIN,),
}
GROUP, MOST_WORDS, MOST_DIGITS, MOST_NUMBER, MOST_WINDOW = 1024, 65536, 22, 1 << 50, 8 << 20
ZSTD_MAGIC = 0xFD2FB528

# The codes of findings about columns, by the rule that is broken.
RULES = {
    "M1-2": "HY0205", "M7.1-3": "HY0203", "M7.1-5": "HY0202", "M7.2-1": "HY0205",
    "M5-1": "HY0301", "M5.3-1": "HY0301", "M5.4-1": "HY0304", "M5.5": "HY0301", "M7-5": "HY0305",
}


def broken(rule, what, code=None, **facts):
    """A finding on a stream; who knows the stream adds the place. `of_values`: it is about the values of records."""
    fault = Fault(code or RULES.get(rule, "HY0306"), f"{what} ({rule})", **facts)
    fault.of_values = rule.startswith("M5") or rule == "M7-5"
    return fault


class Stored:
    """The stored bytes of one stream, read from front to back. `note` is told of what is irregular, if it is not None."""

    def __init__(self, data, note=None):
        self.data, self.note, self.at = data, note, 0

    def take(self, length):
        if length > len(self.data) - self.at:
            raise broken("M7.3-1", "a stream that is too short", expected=f"{length} bytes more",
                         found=str(len(self.data) - self.at))
        self.at += length
        return self.data[self.at - length:self.at]

    def number(self, width):
        return int.from_bytes(self.take(width), "little")

    def numbers(self, count, width):
        return integers(self.take(count * width), width)

    def bits(self, count, width):
        """Numbers of `width` bits; the spare bits of the last byte are zero (M7.2-1)."""
        packed = int.from_bytes(self.take((count * width + 7) // 8), "little")
        if packed >> count * width:
            self.irregular("spare bits that are not zero")
        mask = (1 << width) - 1
        return [packed >> at * width & mask for at in range(count)]

    def irregular(self, what):
        if self.note:
            self.note(broken("M7.2-1", what))

    def end(self):
        if self.at != len(self.data):
            raise broken("M7.3-1", "a stream with bytes left over", expected=str(self.at), found=str(len(self.data)))


def integers(data, width):
    """The unsigned integers of `width` bytes in some bytes."""
    code = {1: "B", 2: "H", 4: "I", 8: "Q"}.get(width)
    if code:
        return list(struct.unpack(f"<{len(data) // width}{code}", data))
    return [int.from_bytes(data[at:at + width], "little") for at in range(0, len(data), width)]


def floats(raw, width):
    """The floats of bit patterns."""
    return list(struct.unpack(f"<{len(raw)}{'f' if width == 4 else 'd'}",
                              struct.pack(f"<{len(raw)}{'I' if width == 4 else 'Q'}", *raw)))


def groups(count):
    """The numbers of values of the groups."""
    return [min(GROUP, count - at) for at in range(0, count, GROUP)]


def decode(encoding, stored, count, width):
    """The `count` integers of a stream in encoding 1, 2, 3 or 4 (of values), unsigned."""
    if encoding == CONSTANT:
        return [stored.number(width)] * count if count else []
    if encoding == FRAME:
        return frame(stored, count, width)
    if encoding == DELTA:
        return delta(stored, count, width)
    words = stored.numbers(words_count(stored), width)
    return [words[number] for number in indices(stored, count, len(words))]


def constant_bits(stored, count):
    if not count:
        return []
    bit = stored.number(1)
    if bit > 1:
        raise broken("M7.3-2", "a constant bit", expected="0 or 1", found=str(bit))
    return [bit == 1] * count


def widths_and_minima(stored, sizes, width):
    widths = list(stored.take(len(sizes)))
    for bits in widths:
        if bits > min(64, 8 * width):
            raise broken("M7.3-3", "a width", expected=f"at most {min(64, 8 * width)}", found=str(bits))
    return widths, stored.numbers(len(sizes), width)


def frame(stored, count, width, exceptional=True):
    sizes, values, packed = groups(count), [], []
    widths, minima = widths_and_minima(stored, sizes, width)
    for size, bits, minimum in zip(sizes, widths, minima):
        numbers = stored.bits(size, bits)
        packed += numbers
        values += [minimum + number & (1 << 8 * width) - 1 for number in numbers]
    for position, value in special(stored, count, width, packed) if exceptional else ():
        values[position] = value
    return values


def special(stored, count, width, packed):
    """The positions and values of exceptions, whose numbers are zero."""
    found = list(zip(*exceptions(stored, count, width)))
    if any(packed[position] for position, _ in found):
        stored.irregular("bits of an exception that are not zero")
    return found


def exceptions(stored, count, width):
    """Positions and values."""
    length = stored.number(4)
    if length * (4 + width) > len(stored.data) - stored.at:
        raise broken("M7.3-1", "a stream that is too short for its exceptions", found=str(length))
    positions, before = stored.numbers(length, 4), -1
    for position in positions:
        if not before < position < count:
            raise broken("M7.3-4", "the position of an exception", expected=f"above {before}, below {count}",
                         found=str(position))
        before = position
    return positions, stored.numbers(length, width)


def delta(stored, count, width, exceptional=True):
    sizes, values, packed = groups(count), [], []
    widths, minima = widths_and_minima(stored, sizes, width)
    firsts, mask = stored.numbers(len(sizes), width), (1 << 8 * width) - 1
    for size, bits in zip(sizes, widths):
        packed += [0] + stored.bits(size - 1, bits)  # the first value has no number
    found = dict(special(stored, count, width, packed)) if exceptional else {}
    for at, number in enumerate(packed):
        group, index = divmod(at, GROUP)
        value = firsts[group] if index == 0 else value + minima[group] + number & mask
        value = found.get(at, value)
        values.append(value)
    return values


def words_count(stored):
    count = stored.number(4)
    if count > MOST_WORDS:
        raise broken("M7.3-5", "the values of a dictionary", expected="at most 65536", found=str(count))
    return count


def indices(stored, count, words):
    """The numbers that a dictionary's frame has."""
    numbers = frame(stored, count, 2)
    if numbers and max(numbers) >= words:
        raise broken("M7.3-5", "a number that the dictionary does not have", expected=f"below {words}", found=str(max(numbers)))
    return numbers


def decimals(encoding, digits, stored, count, width):
    """7.3, decimal: floats from integers and a power of ten."""
    if digits > MOST_DIGITS:
        raise broken("M7.3-6", "a power of ten", expected="at most 22", found=str(digits))
    raw = (frame if encoding == DECIMAL_FRAME else delta)(stored, count, 8, exceptional=False)
    values = []
    for number in raw:
        number -= number >> 63 << 64
        if abs(number) > MOST_NUMBER:
            raise broken("M7.3-6", "a number of a decimal", expected="within 2^50 of zero", found=str(number))
        quotient = float(number) / float(10**digits)
        values.append(struct.unpack("<f", struct.pack("<f", quotient))[0] if width == 4 else quotient)
    positions, patterns = exceptions(stored, count, width)
    for position, value in zip(positions, floats(patterns, width)):
        values[position] = value
    return values


# 7.5 zstd


def decompress(data, plain, exact):
    """The content of a frame, which must be of `plain` bytes, or of at most so many."""
    size = frame_size(data, plain, exact)
    try:
        content = one_shot(data, size)
    except (ValueError, MemoryError) as error:
        raise broken("M7.5-1", f"a frame of zstd: {error}") from error
    if content is None:
        raise broken("M7.1-3", "this stream needs zstd, which this Python does not have")
    if len(content) != size:
        raise broken("M7.5-1", "the content of a frame of zstd", expected=f"{size} bytes", found=str(len(content)))
    return content


def one_shot(data, plain):
    """At most plain + 1 bytes of the content; None without a module for zstd."""
    try:
        from compression import zstd  # Python 3.14
    except ImportError:
        return one_shot_of_zstandard(data, plain)
    try:
        return zstd.ZstdDecompressor().decompress(data, max_length=plain + 1)
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from error


def one_shot_of_zstandard(data, plain):
    try:
        import zstandard
    except ImportError:
        return None
    try:
        # The reader takes no more memory than it is asked for and the window of the frame.
        return zstandard.ZstdDecompressor().stream_reader(data).read(plain + 1)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def frame_size(data, plain, exact):
    """RFC 8878, 3.1.1: checks magic, flags, window and content size of the frame, and that it ends with the data; the content size."""
    stored = Stored(data)
    try:
        magic, descriptor = stored.number(4), stored.number(1)
        single = descriptor >> 5 & 1
        window = 0 if single else stored.number(1)
        size_bytes = (single, 2, 4, 8)[descriptor >> 6]
        size = stored.number(size_bytes) + (256 if size_bytes == 2 else 0)
        # The lowest bits are those of a dictionary, a checksum and one that is reserved.
        fits = size == plain if exact else size <= plain
        if magic != ZSTD_MAGIC or descriptor & 15 or not size_bytes or not fits:
            raise broken("M7.5-1", "the header of a frame of zstd", found=f"flags {descriptor:#x}, {size} bytes",
                         expected=f"no dictionary and no checksum, {'' if exact else 'at most '}{plain} bytes")
        if (8 + (window & 7)) << (window >> 3) + 7 > MOST_WINDOW:
            raise broken("M7.5-1", "the window of a frame of zstd", expected="at most 8 MiB")
        last = 0
        while not last:
            block = stored.number(3)
            last = block & 1
            stored.take(1 if block >> 1 & 3 == 1 else block >> 3)
        stored.end()
        return size
    except Fault as fault:
        raise broken("M7.5-1", f"a stream that is not one frame of zstd: {fault.what}") from fault
