"""The noise engine: rule packs, the look of a line, its neighbours, the decision."""
