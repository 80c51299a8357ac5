"""Fingerprints: what stays the same about picture and sound when the bytes do not."""
