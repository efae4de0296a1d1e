import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cleaner.text.jit import column

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import warnings
from numba.core import caching
class Nowhere:
    @classmethod
    def from_function(cls, py_func, py_file):
        return None
caching.CacheImpl._locator_classes = [Nowhere]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("default")
    from cleaner.text.jit import kernel
    @kernel
    def twice(x):
        return x + x
    @kernel
    def thrice(x):
        return x + x + x
    print(twice(21), thrice(2), [str(w.message) for w in caught if w.category is RuntimeWarning])
"""


def test_without_a_place_for_compiled_code_kernels_still_run(tmp_path: Path) -> None:
    """Where no cache folder can be written the user is told once what to set, and it works."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, script, root], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.startswith('42 6 ["compiled functions cannot be kept')
    assert done.stdout.count("NUMBA_CACHE_DIR") == 1


def test_column_is_a_view_where_it_can_be() -> None:
    """A fitting array is not copied; a kernel cannot write to it."""
    values = np.arange(4, dtype=np.int64)
    seen = column(values, np.int64)
    assert np.shares_memory(values, seen)
    assert not seen.flags.writeable
    assert values.flags.writeable
    assert column(values[::2], np.int64).flags.c_contiguous
    assert column(np.arange(3, dtype=np.int32), np.int64).dtype == np.int64


@pytest.mark.parametrize("values", [np.array([0.5]), np.array([-1]), np.array(["a"])])
def test_column_refuses_what_would_change(values: np.ndarray) -> None:
    """Floats, signed numbers and strings are no unsigned integers."""
    with pytest.raises(TypeError, match="uint64"):
        column(values, np.uint64)
