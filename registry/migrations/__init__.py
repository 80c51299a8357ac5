"""Alembic revisions of the registry's schema, run from ``registry.store`` without an ini file."""
