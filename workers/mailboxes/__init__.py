"""Mails that come back to us: out of mailboxes by IMAP, from a mail server by LMTP."""
