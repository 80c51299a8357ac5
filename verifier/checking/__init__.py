"""Whether every asset of a folder or a change is signed as it must be: what ``provenance check`` does."""
