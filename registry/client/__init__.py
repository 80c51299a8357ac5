"""A registry elsewhere, asked over HTTP and believed no further than signatures reach."""
