"""The registry over HTTP: the resolution API at the root, our own under ``/v1``, and pages for people."""
