"""Configs: YAML with positions, the models, and what turns one into the other."""
