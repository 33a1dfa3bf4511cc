"""Recomputing players from what is still there, and comparing them with what the state and the CRM have."""
