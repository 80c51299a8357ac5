"""Whom to believe: lists of trust anchors and the policies made from them."""
