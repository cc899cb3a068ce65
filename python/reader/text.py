"""docs/VALUES.md: values in text. This module does not depend on stored bytes."""

import base64
import json
import math
import struct
from decimal import Decimal
from fractions import Fraction

from .common import up
from .schema import (
    ARRAY, BOOL, BOX, BYTES, CHAR, DATE, DECIMAL, DURATION, ENUM, F32, F64, FORMS, INTEGERS, LIST, MAP,
    NEWTYPE, OPAQUE, OPTION, SET, STRING, TIMESTAMP, TUPLE, UNIT, WIDTHS,
)


def shortest_f32(value):
    """The shortest decimal that reads back as the same f32, the closest one of that length, as a Decimal."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    exact, mantissa = Fraction(value), bits & 0x7FFFFF
    scale = max(bits >> 23, 1) - 150
    unit = Fraction(2) ** scale
    below = unit / 4 if mantissa == 0 and bits >> 23 > 1 else unit / 2
    low, high, closed = exact - below, exact + unit / 2, mantissa % 2 == 0
    for precision in range(1, 10):
        exponent = math.floor(math.log10(value)) - precision + 1
        for power in (exponent - 1, exponent, exponent + 1):
            step = Fraction(10) ** power
            first = math.floor(exact / step)
            for digits in sorted((first, first + 1), key=lambda d: (abs(d * step - exact), d % 2)):
                inside = low <= digits * step <= high if closed else low < digits * step < high
                if inside and 0 < digits < 10**precision:
                    return Decimal((0, tuple(map(int, str(digits))), power))
    raise AssertionError("nine digits always suffice")


def float_text(value, single):
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"inf"' if value > 0 else '"-inf"'
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return sign + "0.0"
    number = shortest_f32(abs(value)) if single else Decimal(repr(abs(value)))
    _, digits, power = number.as_tuple()
    text = "".join(map(str, digits))
    stripped = text.rstrip("0")
    power += len(text) - len(stripped)
    e = power + len(stripped) - 1
    low, high = (-6, 12) if single else (-5, 15)
    if not low <= e <= high:
        tail = "." + stripped[1:] if len(stripped) > 1 else ""
        return f"{sign}{stripped[0]}{tail}e{'-' if e < 0 else '+'}{abs(e)}"
    if power >= 0:
        return f"{sign}{stripped}{'0' * power}.0"
    if e >= 0:
        return f"{sign}{stripped[:e + 1]}.{stripped[e + 1:]}"
    return f"{sign}0.{'0' * (-e - 1)}{stripped}"


def decimal_text(value, exponent):
    """value x 10^exponent in plain digits; no digit is dropped."""
    if exponent >= 0:
        return str(value) + ("0" * exponent if value else "")
    digits = str(abs(value)).rjust(1 - exponent, "0")
    return ("-" if value < 0 else "") + digits[:exponent] + "." + digits[exponent:]


def seconds_text(value, exponent):
    text = decimal_text(value, exponent)
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "s"


def civil(days):
    """The proleptic Gregorian date of a day counted from 1970-01-01."""
    era, day = divmod(days + 719468, 146097)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5 - 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (month <= 2), month, day


FIRST_DAY, LAST_DAY = -719528, 2932896  # 0000-01-01 and 9999-12-31


def date_text(days):
    if not FIRST_DAY <= days <= LAST_DAY:
        return f"{days}d"
    return "%04d-%02d-%02d" % civil(days)


def timestamp_text(value, exponent):
    scale = 10 ** -exponent if exponent < 0 else 1
    seconds, rest = divmod(value if exponent < 0 else value * 10**exponent, scale)
    days, second = divmod(seconds, 86400)
    if not FIRST_DAY <= days <= LAST_DAY:
        return seconds_text(value, exponent)
    fraction = str(rest).rjust(-exponent, "0").rstrip("0") if rest else ""
    if fraction and len(fraction) <= 9:
        fraction = fraction.ljust(up(len(fraction), 3), "0")
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"{date_text(days)}T{clock}{'.' + fraction if fraction else ''}Z"


def quote(text):
    return json.dumps(text, ensure_ascii=False)


class Json:
    """Writes the values of one schema as compact JSON."""

    def __init__(self, schema):
        self.types = schema.types

    def form(self, ty, value):
        """The text of a known form on a kind it belongs to, else None."""
        if ty.form not in FORMS or ty.kind not in FORMS[ty.form][1]:
            return None
        if ty.form == TIMESTAMP:
            return timestamp_text(value, ty.exponent)
        if ty.form == DURATION:
            return seconds_text(value, ty.exponent)
        if ty.form == DATE:
            return date_text(value)
        if ty.form == DECIMAL:
            return decimal_text(value, ty.exponent)
        if ty.count != 16 or self.types[ty.element].kind != 9:
            return None
        digits = bytes(value).hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def text(self, ty, value):
        kind = ty.kind
        formed = self.form(ty, value)
        if formed is not None:
            return quote(formed)
        if kind in INTEGERS:
            return f'"{value}"' if WIDTHS[kind] == 16 else str(value)
        if kind in (F32, F64):
            return float_text(value, kind == F32)
        if kind == UNIT:
            return "null"
        if kind == BOOL:
            return "true" if value else "false"
        if kind in (CHAR, STRING):
            return quote(value)
        if kind in (BYTES, OPAQUE):
            return quote(base64.b64encode(value).decode())
        if kind == OPTION:
            return "null" if value is None else self.text(self.types[ty.element], value[0])
        if kind in (NEWTYPE, BOX):
            return self.text(self.types[ty.element], value)
        if kind in (LIST, ARRAY, SET):
            inner = self.types[ty.element]
            return self.sequence(self.text(inner, item) for item in value)
        if kind == MAP:
            return self.map(ty, value)
        if kind == ENUM:
            return self.variant(ty, value)
        return self.fields(ty.fields, value, kind == TUPLE or self.is_tuple(ty.fields))

    @staticmethod
    def is_tuple(fields):
        return bool(fields) and all(field.name == str(i) for i, field in enumerate(fields))

    @staticmethod
    def sequence(parts):
        return "[" + ",".join(parts) + "]"

    def fields(self, fields, values, bare):
        texts = [self.text(self.types[field.type], value) for field, value in zip(fields, values)]
        if bare:
            return self.sequence(texts)
        return "{" + ",".join(f"{quote(field.name)}:{text}" for field, text in zip(fields, texts)) + "}"

    def variant(self, ty, value):
        variant = ty.variants[value[0]]
        if variant.style == 0:
            return quote(variant.name)
        return "{" + quote(variant.name) + ":" + self.fields(variant.fields, value[1], variant.style == 1) + "}"

    def map(self, ty, entries):
        key = base = self.types[ty.key]
        while base.kind == NEWTYPE:
            base = self.types[base.element]
        pairs = [(self.text(key, k), self.text(self.types[ty.element], v)) for k, v in entries]
        if base.kind == STRING:
            return "{" + ",".join(f"{k}:{v}" for k, v in pairs) + "}"
        return self.sequence(f"[{k},{v}]" for k, v in pairs)
