"""Decoding of foreign media in a fenced FFmpeg child; the parent only ever parses raw frames."""
