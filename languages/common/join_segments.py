"""join_segments.py MODULE: makes one data segment of all, in place.

Go's linker writes one for each run of bytes that are not zero, tens of thousands, of which every instance would keep a list.
"""

import sys

DATA, DATA_COUNT, I32_CONST, END = 11, 12, 0x41, 0x0B


def number(data, at, signed=False):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if signed and byte & 0x40:
        value -= 1 << shift
    return value, at


def encoded(value):
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        if (value == 0 and not byte & 0x40) or (value == -1 and byte & 0x40):
            return bytes([*out, byte])
        out.append(byte | 0x80)


def encoded_size(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def segments(data):
    count, at = number(data, 0)
    for _ in range(count):
        mode, at = number(data, at)
        if mode != 0 or data[at] != I32_CONST:
            sys.exit("a segment is not at a place of its own in the memory")
        start, at = number(data, at + 1, signed=True)
        size, at = number(data, at + 1)
        yield start, data[at : at + size]
        at += size


def joined(data):
    parts = sorted(segments(data), key=lambda part: part[0])
    first = parts[0][0]
    memory = bytearray(parts[-1][0] + len(parts[-1][1]) - first)
    for start, content in parts:
        memory[start - first : start - first + len(content)] = content
    return b"\1\0" + bytes([I32_CONST]) + encoded(first) + bytes([END]) + encoded_size(len(memory)) + memory


def main(path):
    with open(path, "rb") as file:
        module = file.read()
    out = bytearray(module[:8])
    at = 8
    while at < len(module):
        start, kind = at, module[at]
        size, at = number(module, at + 1)
        if kind == DATA_COUNT:
            sys.exit("segments are counted: something may use them by number")
        if kind == DATA:
            data = joined(module[at : at + size])
            out += bytes([DATA]) + encoded_size(len(data)) + data
        else:
            out += module[start : at + size]
        at += size
    with open(path, "wb") as file:
        file.write(out)


main(sys.argv[1])
