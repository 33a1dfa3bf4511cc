"""Runs any topology, exactly once, and knows none of them."""
