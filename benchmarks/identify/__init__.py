"""Is the original found, whatever was done to the clip? Distortions with known truth, ours and published tools."""
