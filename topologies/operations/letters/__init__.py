"""Dead letters as people look at them, and send them again."""
