"""May it be sent? `Intent + Facts + now -> Approved | Deferred | Held | Refused`: pure, and always with the whole trail."""

from engage.policy.decide import decide, next_chance
from engage.policy.reach import channel_order

__all__ = ["channel_order", "decide", "next_chance"]
