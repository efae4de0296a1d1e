"""Pure functions on text: code points in, code points out. No files, no config."""
