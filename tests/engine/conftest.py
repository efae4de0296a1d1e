"""A folder for runs that is in memory, where there is one: thousands of small files are synced."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp(tmp_path: Path) -> Iterator[Path]:
    """An empty folder of the test's own."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="cleaner-test-", dir=memory))
    yield folder
    shutil.rmtree(folder)
