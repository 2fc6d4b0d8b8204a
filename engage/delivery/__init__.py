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
    trial      a test send to oneself, which leaves no row
    calling    due calls of endpoints, asked and answered
    posting    touches, told to webhooks in their order
    payloads   what is told of them                                                         pure
    asking     unknown deliveries, about which their provider can be asked
    reviewing  what people decide of deliveries that failed or are unknown                  pure but for its port
    points     the named points at which faults are injected
    signals    what whoever watches is told, batch by batch
    identity   what a delivery is called by others, over all retries
    equipment  what it works with: templates, channels, a loop for them
    ports, rate_ports: what it needs of a store, a renderer, a channel; of what all workers share
"""
