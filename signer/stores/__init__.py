"""Adapters to places in which keys are held, one module each."""
