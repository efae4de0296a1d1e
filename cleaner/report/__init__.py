"""What a person sees of a run: numbers, terminal, explanations."""
