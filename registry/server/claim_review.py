"""An answer as schema.org's ``ClaimReview`` and ``MediaReview``, for search engines and other fact-checkers.

The claim is that the clip shows what the organisation published; the media review says what was done to the clip, where
it is the organisation's at all. Vocabulary: https://schema.org/ClaimReview, https://schema.org/MediaReview.
"""

from __future__ import annotations

from typing import Any

from registry.sighting_values import Answer, Sighting

CATEGORIES = {
    Answer.OURS: "OriginalMediaContent",
    Answer.EDITED: "EditedOrCroppedContent",
    Answer.ALTERED: "TransformedContent",
}
"""Of ``MediaManipulationRatingEnumeration``; what is not the organisation's is not its to classify."""

RATINGS = {Answer.OURS: 5, Answer.EDITED: 3, Answer.ALTERED: 2, Answer.NOT_OURS: 1}
"""How true the claim is, from 1 to 5."""


def claim_review(sighting: Sighting, organisation: str, words: str, page: str, original: str | None) -> dict[str, Any]:
    """The data of an answered sighting's page.

    Args:
        organisation: by which name people know who answered.
        words: the answer in a few words, such as "Ours, but altered".
        page: absolute address of the page.
        original: absolute address of the original's page.
    """
    if sighting.answer is None:
        raise ValueError("only what was answered has a review")
    author = {"@type": "Organization", "name": organisation}
    facts = {"url": page, "author": author, "datePublished": sighting.answered_at}
    if sighting.changed_at is not None:
        facts["dateModified"] = sighting.changed_at
    if sighting.answer_text:
        facts["reviewBody"] = sighting.answer_text
    clip = {"@type": "MediaObject", "url": sighting.address}
    review: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        **facts,
        "claimReviewed": f"The clip at {sighting.address} shows what {organisation} published",
        "itemReviewed": {"@type": "Claim", "appearance": clip},
        "reviewRating": {
            "@type": "Rating",
            "ratingValue": RATINGS[sighting.answer],
            "bestRating": 5,
            "worstRating": 1,
            "alternateName": words,
        },
    }
    if category := CATEGORIES.get(sighting.answer):
        media: dict[str, Any] = {
            "@type": "MediaReview",
            **facts,
            "mediaAuthenticityCategory": category,
            "itemReviewed": {"@type": "MediaReviewItem", "mediaItemAppearance": clip},
        }
        if original is not None:
            media["originalMediaLink"] = original
        review["associatedMediaReview"] = media
    return review
