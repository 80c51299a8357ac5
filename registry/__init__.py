"""The registry: storage of signed originals, the search index over them, and what may be done with them."""
