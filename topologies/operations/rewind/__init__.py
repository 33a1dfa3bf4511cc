"""Taking partitions back, as people ask for it: plans, execution, and what became of it."""
