"""Whether this process may mount something in a namespace of its own, where nobody sees it."""

from __future__ import annotations

import shutil
import subprocess


def can_mount() -> bool:
    """Try it."""
    if not shutil.which("unshare"):
        return False
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "x", "/mnt"]
    return not subprocess.run(command, check=False, capture_output=True).returncode
