"""Pure near-duplicate algorithms on arrays: shingles, signatures, bands, components, keepers."""
