"""Give HDF5 a file that never fails it."""

from __future__ import annotations

import fcntl
import io
import os
from pathlib import Path
from typing import Any


class DiskFile(io.RawIOBase):
    """Be the file of an HDF5 file that is written.

    When a write fails inside HDF5 it can neither be closed nor left alone: it tries again when the process ends, and crashes. So a
    failure is kept here instead, for who writes to ask; and nothing more is written after it, so that the file stays readable as it
    was at the last flush before.

    Parameters
    ----------
    path : Path
        The file; it must not exist. Readers are locked out until it is closed, as HDF5 does it.

    Attributes
    ----------
    failure : OSError or None
        The first failure to write.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._at = 0
        self.failure: OSError | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; return it."""
        self._at = offset + (0, self._at, os.fstat(self._file).st_size)[whence]
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, room: Any) -> int:
        """Read from the place on; return how many bytes."""
        count = os.preadv(self._file, [room], self._at)
        self._at += count
        return count

    def write(self, data: Any) -> int:
        """Write at the place, or drop the data where that fails or has failed before; return how many bytes were taken."""
        rest, place = memoryview(data).cast("B"), self._at
        taken = len(rest)
        self._at += taken
        while rest and self.failure is None:
            try:
                count = os.pwrite(self._file, rest, place)
            except OSError as error:
                self.failure = error
                break
            rest, place = rest[count:], place + count
        return taken

    def truncate(self, size: int | None = None) -> int:
        """Make the file so long, which never makes a shorter one unreadable where writing has failed."""
        size = self._at if size is None else size
        if self.failure is None:
            try:
                os.ftruncate(self._file, size)
            except OSError as error:
                self.failure = error
        return size

    def flush(self) -> None:
        """Do nothing: what was written is with the system already."""

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        super().close()
