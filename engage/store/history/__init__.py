"""What was done to whom and why, read: history, `explain`, reports."""
