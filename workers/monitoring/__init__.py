"""What a process tells of its own work: metrics, spans, logs."""
