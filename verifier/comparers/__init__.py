"""Comparers measure: each looks at one aspect of the clip laid on its original and returns findings, never a verdict."""
