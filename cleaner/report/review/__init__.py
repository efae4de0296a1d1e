"""Review of a run by a person: lines or whole pages, one key each, on a page of this machine."""
