"""One process at a time writes to an output folder.

`filelock` would not make this simpler: it neither refuses hard links nor removes the file on release, and gives no
way to write the holder's pid through the locked descriptor.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from newsbeam.errors import UsageError
from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import lock_path


@contextmanager
def locked(output: str) -> Iterator[None]:
    """Lock an output folder of this machine, which is created if it is missing.

    Raises UsageError.
    """
    if filesystem.is_remote(output):
        yield
        return
    lock = lock_path(output)
    try:
        os.makedirs(output, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(f"{lock} is a link, which newsbeam does not follow here; remove it") from error
        raise UsageError(f"cannot write to --output {output}: {error.strerror or error}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise UsageError(f"{lock} is not a lock of newsbeam, but leads to another file; remove it")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A process that ends removes the file, and this lock would then be on a file that nobody else sees.
            if not os.path.lexists(lock) or not os.path.samestat(os.fstat(descriptor), os.lstat(lock)):
                raise BlockingIOError
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise UsageError(f"another run is writing to {output}" + (f": process {holder}" if holder else "")) from error
        os.pwrite(descriptor, b"%-19d\n" % os.getpid(), 0)
        try:
            yield
        finally:
            filesystem.delete(lock)  # the folder may have been removed meanwhile
    finally:
        os.close(descriptor)
