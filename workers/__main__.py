"""`python -m workers …` is `engage …`, where the command itself is not installed."""

from workers.console import main

main()
