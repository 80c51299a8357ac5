"""A report for people: its words, its drawings and its style, shared by the terminal, the file and the pages."""
