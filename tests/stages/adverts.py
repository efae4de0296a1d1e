"""A stage that cuts the lines of adverts, for the tests of pii."""

from __future__ import annotations

from typing import Literal

from cleaner.batch import Batch, Edit
from cleaner.stages.base import Apply, MapStage


class CutAdverts(MapStage):
    """Cuts lines that begin as adverts do."""

    use: Literal["tests.stages.adverts:CutAdverts"]

    def rules(self) -> dict[str, str]:
        """One."""
        return {"advert": "begins as an advert does"}

    def open(self) -> Apply:
        """Nothing to load."""
        return _cut


def _cut(batch: Batch) -> Batch:
    texts = batch.passage_text.to_pylist()
    found = [i for i, text in enumerate(texts) if text.startswith("Liên hệ quảng cáo")]
    return batch.cut(
        [Edit(i, 0, len(texts[i]), "advert", score=1.0, evidence=texts[i].strip()) for i in found]
    )
