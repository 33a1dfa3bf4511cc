"""Forgetting a player: every row goes, and nothing of before comes back by a rewind or a replay."""
