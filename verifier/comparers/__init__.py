"""Comparers measure: each looks at one aspect of the clip laid on its original. They find; they never judge."""
