"""Examinations of clips as jobs: asked for, queued in the database, carried out in processes of their own."""
