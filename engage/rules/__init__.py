"""1 What a company wrote -> what runs: YAML with its places, strict models, expressions as a typed tree. Pure.

`settings` reads engage.yaml, `workspace` the campaigns, segments and tables (`campaigns`, `steps`, `segments`, `tables`),
`campaign_tests` the tests, `checking` all of them with everything that is wrong. Below them `document` reads YAML,
`schema` says what may stand in it, `validation` brings both together and tells mistakes in plain sentences.
"""
