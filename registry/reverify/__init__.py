"""Going over what is registered: whether it still is, and may still be relied on, as when it was registered."""
