"""Taking a task back to an earlier commit, in steps, and replaying what it took away."""
