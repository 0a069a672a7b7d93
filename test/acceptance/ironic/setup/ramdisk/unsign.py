"""Takes the signatures off the kernel modules below a folder: unsigned ones load faster under software emulation."""

import pathlib
import struct
import sys

# Linux, include/linux/module_signature.h: the signature, 12 bytes that end in its length, this text.
marker = b"~Module signature appended~\n"
trailer = 12 + len(marker)

for module in pathlib.Path(sys.argv[1]).rglob("*.ko"):
    content = module.read_bytes()
    if content.endswith(marker):
        (length,) = struct.unpack(">I", content[-len(marker) - 4 : -len(marker)])
        module.write_bytes(content[: -trailer - length])
