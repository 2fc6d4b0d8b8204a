"""What comes back, and what is told to others: bounces, answers, hooks, webhooks."""
