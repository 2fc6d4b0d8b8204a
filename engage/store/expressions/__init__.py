"""The typed tree of an expression -> SQL over contacts, and its questions answered for one of them."""
