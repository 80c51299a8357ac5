"""What the project measures of itself, and the demonstration. Not shipped in the wheel."""
