"""Values, media decoding, fingerprints, credentials and trust: the layer everything else stands on."""

__version__ = "0.1.0"
