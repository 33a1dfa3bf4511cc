"""One player's story: what came in, what was said of it, and what it changed. Pure, except for `reading`."""
