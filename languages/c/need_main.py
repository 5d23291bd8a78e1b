"""need_main.py ARCHIVE: in wasi-libc's __main_void.c.obj, which is linked when a program has no main(void), makes the
reference to main(int, char**) one that must be there: in the table of symbols, undefined and no longer weak."""

import sys

# A function, its flags and its index, for three of those that the object imports. The archive has them once.
WEAK = b"\x00\x10\x03\x00\x11\x04\x00\x10\x05"
NEEDED = b"\x00\x10\x03\x00\x10\x04\x00\x10\x05"

with open(sys.argv[1], "rb") as file:
    archive = file.read()
if archive.count(WEAK) != 1:
    sys.exit("need_main.py: this is another archive")
with open(sys.argv[1], "wb") as file:
    file.write(archive.replace(WEAK, NEEDED))
