"""2 Plan: triggers x people -> runs; a run's next step -> deliveries.

::

    occurrences  when a trigger lets contacts in: dates, schedules, waits      pure
    planner      what is due is entered and moved on, in short transactions
    happenings   an event -> runs that enter, exit or go on
    journeys     a run at its position -> the run further on                    pure
    ports        what planning needs of a store
"""
