"""Says whether a circulating clip is a signed original's, and what was done to it."""
