"""Signing: keys, manifests and the workflow that writes, reads back and publishes a signed file."""
