"""WebAssembly modules made for measuring: distinct copies, and code of a given size."""

import random


def leb(number):
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def section(kind, content):
    return bytes([kind]) + leb(len(content)) + content


def name(text):
    return leb(len(text)) + text.encode()


def vector(items):
    return leb(len(items)) + b"".join(items)


def distinct(module, number):
    """The same module with a custom section that no other copy has: another artefact for every cache."""
    return module + section(0, name("copy") + number.to_bytes(8, "little"))


def number(answer):
    """The text of a `run` function that answers this number."""
    return f'(module (func (export "run") (result i32) (i32.const {answer})))'.encode()


I32 = 0x7F
BLOCK_EMPTY = 0x40
OPERATORS = (0x6A, 0x6B, 0x6C, 0x71, 0x72, 0x73)  # add, sub, mul, and, or, xor


def _function(random_source, functions):
    """(x: i32, y: i32) -> i32 with arithmetic, a load, a store, a branch, a loop and a call, as compiled code has."""
    code = bytearray()
    for _ in range(12):
        for _ in range(6):  # x = x OP (y OP' constant)
            code += b"\x20\x00\x20\x01\x41" + leb(random_source.randrange(1 << 13) << 1 & 0x1FBF)
            code += bytes([random_source.choice(OPERATORS), random_source.choice(OPERATORS)]) + b"\x21\x00"
        address = leb(random_source.randrange(1024, 60000))
        code += b"\x41\x00\x20\x00\x36\x02" + address  # i32.store
        code += b"\x20\x01\x04" + bytes([BLOCK_EMPTY]) + b"\x41\x00\x28\x02" + address + b"\x21\x00\x0b"  # if y { x = load }
    code += b"\x03" + bytes([BLOCK_EMPTY]) + b"\x20\x01\x41\x01\x6b\x22\x01\x0d\x00\x0b"  # loop { y -= 1 } while y
    code += b"\x20\x00\x20\x01\x10" + leb(random_source.choice(functions))  # call
    body = b"\x00" + bytes(code) + b"\x0b"
    return leb(len(body)) + body


def hello_of_size(size, seed):
    """A preview1 program that writes "Hello World!\\n", with about `size` bytes of code that it could reach."""
    source = random.Random(seed)
    sample = len(_function(random.Random(0), [2]))
    count = max(1, size // sample)
    start = bytes.fromhex("00") + (
        b"\x41\x01\x41\x00\x41\x01\x41\x20\x10\x00"  # fd_write(1, 0, 1, 32)
        b"\x04\x40\x41\x01\x41\x01\x10\x02\x1a\x0b\x0b")  # if it fails { call the rest }
    return b"\0asm\1\0\0\0" + b"".join([
        section(1, vector([b"\x60" + vector([bytes([I32])] * 4) + vector([bytes([I32])]), b"\x60\x00\x00",
                           b"\x60" + vector([bytes([I32])] * 2) + vector([bytes([I32])])])),
        section(2, vector([name("wasi_snapshot_preview1") + name("fd_write") + b"\x00\x00"])),
        section(3, vector([b"\x01"] + [b"\x02"] * count)),
        section(5, vector([b"\x00\x01"])),
        section(7, vector([name("memory") + b"\x02\x00", name("_start") + b"\x00\x01"])),
        section(10, vector([leb(len(start)) + start] + [_function(source, range(2, 2 + count)) for _ in range(count)])),
        section(11, vector([b"\x00\x41\x00\x0b" + name("\x08\0\0\0\x0d\0\0\0Hello World!\n")])),
    ])
