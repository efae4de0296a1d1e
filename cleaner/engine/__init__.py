"""What runs a config: phases, tasks, runners, counts that balance, publishing."""
