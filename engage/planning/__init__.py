"""2 Plan: triggers x people -> runs; a run's next step -> deliveries.

::

    occurrences  when a trigger lets contacts in: dates, schedules, waits      pure
    planner      what is due is entered and moved on, in short transactions
    moving       a batch of due runs -> as far as they go, all they ask for written
    journeys     a run at its position -> the run further on                    pure
    sending, waiting, splits, acting: each kind of step                         pure
    happenings   an event -> runs that enter, exit, convert (goals) or go on
    migration    a run of an old version -> the run in the new one              pure
    ports        what planning needs of a store
"""
