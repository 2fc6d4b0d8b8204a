"""What comes back of a message -> touches, events, suppressions and withdrawals, each once.

::

    responses     what a provider, a mailbox or a link tells of a message
    bounces       how bad a bounce is                                       pure
    consequences  a response + what is known -> what is written of it      pure
    taking        any number of responses in one transaction
    guarding      a campaign of which too much came back pauses by itself
    words         STOP, HELP, START in many languages                       pure
    texts         a text message that came in -> one of these words, or a reply
    ports         what it needs of a store
"""

from engage.feedback.responses import Response, Taken
from engage.feedback.taking import Feedback

__all__ = ["Feedback", "Response", "Taken"]
