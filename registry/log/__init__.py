"""The append-only log of everything that happens to assets: tiles and signed checkpoints that anybody can check."""
