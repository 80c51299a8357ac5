"""The client's tests use the newsroom of the registry's."""
