"""What comes back of a message -> touches, events, suppressions and withdrawals, each once.

::

    responses     what a provider, a mailbox or a link tells of a message
    bounces       how bad a bounce is                                       pure
    consequences  a response + what is known -> what is written of it      pure
    taking        any number of responses in one transaction
    guarding      a campaign of which too much came back pauses by itself
    words         STOP, HELP, START in many languages                       pure
    texts         a text message that came in -> one of these words, or a reply
    mime          the bytes of a mail -> header and parts, within bounds             pure
    findings      what a mail turned out to say
    reports       what machines write for machines: RFC 3464, RFC 5965               pure
    notifications SES's, by mail                                                     pure
    prose         bounces in servers' own words; phrases, diagnosis: what they mean  pure
    searching     a list of phrases, looked for in a text                            pure
    autoreplies   absence notes, receipts, challenges                                pure
    returns       a mail -> its findings                                             pure
    mails         a mail that came in -> the message that it is about, and responses
    ports         what it needs of a store
"""

from engage.feedback.responses import Response, Taken
from engage.feedback.taking import Feedback

__all__ = ["Feedback", "Response", "Taken"]
