"""What runs: the composition root, the processes, and all that reads the environment and the clock. No rule of business.

::

    console, office              the command `engage`, and one workspace on disk as the commands see it
    opening, wiring, stores,     a folder -> its parts, wired; only here ports meet what implements them
    equipping, endpoints
    snapshots, settling          the accepted workspace, and what follows for contacts when it changes

    serving, processes           `engage worker`, `scheduler`, `web`, `run`, until a signal says stop
    broker, embedded, work       Dramatiq's nudges, the Valkey of our own, and what a worker does at one
    ticker, clocks, loop         what makes things happen when nothing comes in; the two clocks; the channels' loop
    intake                       events from the web into the planner
    traffic, buckets             rates that all workers share
    journal, presence, orphans   what outlives a killed process, and who takes over from it

    monitoring                   what whoever watches is shown: metrics, spans, logs
    mailboxes                    mails that come back: IMAP, LMTP

    diagnosis, overviews,        `engage doctor`, `status`; `backup`, `restore`, `migrate`
    backups
    plans, references,           `engage plan`, `preview` and `send`, `simulate` and `test`
    previews, simulations, stage

    demo                         `engage demo`: its company, week, servers and inbox
    faults                       for the fault suite alone
"""

import gc

gc.set_threshold(50_000, 20, 20)  # what a process imports stays: looking through it for garbage took a tenth of each start
