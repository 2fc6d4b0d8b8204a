"""What partial indexes are over. Queries repeat it word for word: with a bound parameter no planner would use the index."""

FRESH = "state = 'waiting' AND retry_at IS NULL"
AGAIN = "state = 'waiting' AND retry_at IS NOT NULL"
SUSPECT = "careful AND state = 'waiting'"
"""Deliveries that wait: those that wait for their moment alone, those that wait for their provider as well, and those of both that were
in hand when a batch crashed."""

ENDED_ILL = "state IN ('failed', 'unknown')"
"""Deliveries about which people may decide anew."""

CALL_WAITING = "state = 'waiting'"
"""Calls of endpoints to be made."""

PENDING = "pending AND (contact_id IS NOT NULL OR contact_ref IS NULL)"
"""Events to be drawn: of somebody known, or about nobody."""

TALLIED = "kind IN ('sent', 'delivered', 'opened', 'clicked')"
"""Touches by which the arms of a split are judged."""

HANDED_OVER = "kind = 'sent'"
CAME_BACK = "kind IN ('bounced', 'complained', 'failed')"
"""Touches by which a campaign is guarded: its last messages, and what came back of any."""

UNSETTLED = "unsettled"
"""Merges and erasures of people of whom something may still be written."""
