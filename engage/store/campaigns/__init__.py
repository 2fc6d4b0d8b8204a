"""Workspaces as accepted, and what changes about their campaigns while deliveries wait: paused, ended, approved, renamed."""
