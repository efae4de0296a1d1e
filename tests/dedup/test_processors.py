"""The same bytes from the code for other processors: AVX-512, AVX2, SSE2."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.runs import bytes_of, write_records
from tests.stages.copies import families

X86 = {"x86-64": "", "haswell": "avx2", "skylake-avx512": "avx512f"}
"""Names that LLVM knows, and the flag in /proc/cpuinfo without which the code does not run."""

STAGES = [
    {"use": "unicode"},
    {"use": "exact_duplicates"},
    {"use": "near_duplicates", "threshold": 0.6, "pairs": "all"},
    {"use": "near_duplicates", "id": "passages", "unit": "passage", "min_words": 6},
]


def flags() -> str:
    """What this processor says it can do."""
    info = Path("/proc/cpuinfo")
    return info.read_text(encoding="utf-8", errors="replace") if info.exists() else ""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names of x86 only")
def test_the_processor_does_not_matter(tmp_path: Path) -> None:
    """Code compiled for each kind of processor gives the same corpus, ledger and duplicates."""
    texts = [text for seed in (1, 2, 3) for text in families(seed)]
    write_records(tmp_path / "in" / "a.jsonl", [*texts, "Xin chào các bạn, tòa nhà hoà bình. " * 9])
    found = {}
    for name, needed in X86.items():
        if needed not in flags():
            continue
        output = tmp_path / name
        config = {
            "name": "processors",
            "input": [str(tmp_path / "in")],
            "output": str(output),
            "engine": {"kind": "inline"},
            "stages": STAGES,
        }
        path = tmp_path / f"{name}.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        cache = {"NUMBA_CPU_NAME": name, "NUMBA_CACHE_DIR": str(tmp_path / f"{name}-code")}
        command = [sys.executable, "-m", "cleaner", "run", str(path), "--quiet"]
        subprocess.run(command, env={**os.environ, **cache}, check=True, timeout=600)
        found[name] = bytes_of(output)
    first = found["x86-64"]
    assert len(found) > 1 or not any(n and n in flags() for n in X86.values())
    assert {k: v == first for k, v in found.items()} == dict.fromkeys(found, True)
    assert any("duplicates/pairs" in name for name in first)
