"""2 Plan: triggers x people -> runs; a run's next step -> deliveries.

::

    planner      what is due is entered and moved on, in short transactions

    entering     2a campaigns whose moment has come, segments that are looked at, people who are named
    occurrences  when a trigger lets contacts in: dates, schedules, whereabouts  pure
    slots        those moments, and the entry that a store makes of them         pure
    segments     which segments are looked at, when, and what by                 pure
    openings     the first deliveries, where they are known beforehand           pure
    enrolling    what became of people who were named

    moving       2b a batch of due runs -> as far as they go, all they ask for written
    journeys     a run at its position -> the run further on                     pure
    sending, waiting, splits, acting: each kind of step                          pure
    progress, positions, requests: what a run goes through, where, what it asks  pure

    incoming     2c an event as it comes in, checked                             pure
    happenings   an event -> runs that enter, exit, convert (goals) or go on
    observed     what came in of late -> what engage.yaml could declare          pure

    due          what is due at all, for a clock that jumps                       pure
    versions     which campaigns are live, and a run's own version               pure
    migration    2d a run of an old version -> the run in the new one, step by step (correspondence)
    signals      what whoever watches is told, by campaign and batch             pure
    ports, run_ports: what planning needs of a store
"""
