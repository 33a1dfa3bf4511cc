"""What people do around a running topology."""
