"""The demo company: real processes on a clock that jumps, where their messages arrive, and people who answer."""
