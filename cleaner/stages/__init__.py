"""What can be done to documents: one file a stage, its fields are its YAML keys."""
