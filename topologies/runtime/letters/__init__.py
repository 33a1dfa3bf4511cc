"""Dead letters read again, and sent again: each once."""
