"""What other systems post -> events, changes of contacts, and what became of messages. Each source proves itself first.

::

    request    what came by HTTP: method, URL, headers, the raw body
    proof      signatures, secrets, times: did the source send this?                 pure
    found      what a request may say, as nouns                                      pure
    sources/   one file a source: how it proves itself, and what its words mean      pure
    mapping    a generic hook's own mapping, by expressions                          pure
    taking     prove, read, take in; and the rule for what comes twice
    ports      what it needs of a store, the planner and the network
"""

from engage.hooks.found import Answer
from engage.hooks.request import HookRequest
from engage.hooks.taking import Hooks

__all__ = ["Answer", "HookRequest", "Hooks"]
