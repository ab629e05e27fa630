"""Checksummed frames, of which the files of metrics and of samples are made: length, CRC-32, payload.

Both numbers are unsigned, four bytes, little-endian. A frame that is cut off or damaged is known by its checksum.
"""

from __future__ import annotations

import os
import struct
import zlib

#: Length of the payload in bytes, and its checksum.
FRAME = struct.Struct("<II")


def frame(payload: bytes) -> bytes:
    """``payload`` with what tells that it is whole."""
    return FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def append(file: int, data: bytes, *, durable: bool = False) -> None:
    """Write all of ``data`` at the end of an open file or, with an ``OSError``, nothing.

    ``durable``: it is on the disk then, whatever happens to the machine. Some disks tell only now that they are full.
    """
    size = os.fstat(file).st_size
    blob = memoryview(data)
    try:
        while blob:
            blob = blob[os.write(file, blob) :]
        if durable:
            os.fsync(file)
    except OSError:
        os.ftruncate(file, size)
        raise
