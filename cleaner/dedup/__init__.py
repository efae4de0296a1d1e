"""Near-duplicates: shingles, signatures, bands, exact similarity, components, keepers."""
