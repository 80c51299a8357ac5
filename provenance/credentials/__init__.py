"""C2PA credentials: what a file says of itself, and how far that can be believed."""
