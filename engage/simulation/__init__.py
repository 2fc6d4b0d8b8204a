"""The same flow on a clock that jumps, and what people ask of it beforehand.

::

    timeline, clock, channels        the engine that sends, from one due moment to the next
    answering, calling, agenda       what providers, people and endpoints do meanwhile, by a script
    lines, calendar                  what came of it, touch by touch or day by day
    rehearsing, reasons, coverage,   campaign tests: judged, explained, held against all steps; as JUnit
    junit
    explaining, entrances, arrivals, why one contact would or would not get a campaign
    visitor, ahead, standing,
    handing, checks, explanation
    comparing, wording, courses,     what a change would do before it is live
    tallying, plan
    overview                         how campaigns stand, for `engage status`
    step_words                       a step in a few words, for all of these
"""
