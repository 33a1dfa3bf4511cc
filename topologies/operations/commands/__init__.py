"""The click commands, one module per group."""
