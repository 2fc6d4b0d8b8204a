"""The same flow on a clock that jumps: `timeline` plays it, `rehearsing` judges campaign tests, `explaining` says why."""
