"""Forgetting a player, from a tool's side: asking for it, following it, and the proof."""
