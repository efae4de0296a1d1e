"""The licence of a corpus, as the user names it, in the words of those who publish data."""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = """
    afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear
    bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0
    cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0
    cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0
    ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 gfdl gpl gpl-2.0 gpl-3.0 isc lgpl lgpl-2.1
    lgpl-3.0 lgpl-lr lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openrail osl-3.0 pddl
    postgresql unknown unlicense wtfpl zlib
"""
_HUB: Final = frozenset(_NAMES.split())
"""Licences that the Hugging Face hub has a name for (hub documentation, "Licenses")."""
_SPDX: Final = {"odbl-1.0": "odbl", "odc-by-1.0": "odc-by", "pddl-1.0": "pddl"}
"""Where SPDX says it otherwise."""


def hub_licence(licence: str | None) -> dict[str, str]:
    """Keys of the hub's front matter; what the hub has no name for is `other`, with one of its own.

    >>> hub_licence("CC-BY-4.0")
    {'license': 'cc-by-4.0'}
    >>> hub_licence("Lam Giang archive, research only")
    {'license': 'other', 'license_name': 'lam-giang-archive-research-only'}
    """
    if licence is None:
        return {"license": "unknown"}
    name = _SPDX.get(licence.lower(), licence.lower())
    if name in _HUB:
        return {"license": name}
    slug = re.sub(r"[^a-z0-9.]+", "-", name).strip("-.")
    return {"license": "other", "license_name": slug or "other"}
