"""Deliveries on their way: queues, leases, facts for the decision, the hand-off, what became of it; and how providers stand."""
