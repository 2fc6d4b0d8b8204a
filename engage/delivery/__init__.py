"""The conductor: due rows -> handed over and recorded, in batches. It decides nothing itself.

::

    conductor  claim, decide, render, clear, send, record, in that order
    preparing  a batch before anything of it is let go: decided and rendered
    judging    the decisions of one moment over many deliveries                             pure
    clearing   what one clearing transaction lets go                                        pure
    sending    a cleared slice on its way, its answers as they come
    settling   what a decision or an outcome comes to: the row's next state and its touch   pure
    retries    when to try again                                                            pure
    traffic    by which provider messages go, how many, how soon; of it providers, domains, warming, breaker, buckets
    calling    due calls of endpoints, asked and answered
    asking     unknown deliveries, about which their provider can be asked
    reviewing  what people decide of deliveries that failed or are unknown                  pure but for its port
    points     the named points at which faults are injected
    ports      what it needs of a store, a renderer, a channel
"""
