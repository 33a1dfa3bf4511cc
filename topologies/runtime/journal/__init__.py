"""What the commits of a task changed, read and said, so that they can be taken back. Nothing here does IO."""
