"""1 What a company wrote -> what runs: YAML with its places, strict models, expressions as a typed tree. Pure.

::

    checking                             all files at once, with everything that is wrong; what it only warns of (doubts)
    settings, channels                   engage.yaml
    workspace, segments, tables          what stands beside it, and may be named (known)
    campaigns, triggers, vain            a campaign: when it lets people in, and what of it would have no effect
    steps, sends, actions                its steps, in order (course), and where each goes (routes, messages)
    campaign_tests, answers              its tests, and what answers in them
    values, windows, scopes              a value of a declared kind; quiet hours in layers; what names stand for
    hindsight, retention                 how far back anything looks, and whether it is kept for so long
    expressions                          the one language: text -> tree -> closure
    document, tree, scalars              YAML, each value with its place and by what its field means
    schema, validation                   what may stand in a file, and mistakes told in plain sentences
    editors, reference                   the same for editors, and as docs/reference.md
"""
