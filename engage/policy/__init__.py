"""May it be sent? `Intent + Facts + now -> Approved | Deferred | Held | Refused`: pure, and with the whole trail where anybody reads it."""

from engage.policy.approving import Approver
from engage.policy.decide import decide, next_chance
from engage.policy.reach import channel_order

__all__ = ["Approver", "channel_order", "decide", "next_chance"]
