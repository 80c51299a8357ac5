"""What the resolution API says and is told, in C2PA's words."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ManifestMatch(BaseModel):
    """A manifest that fits."""

    manifest_id: str = Field(alias="manifestId", description="The manifest's label, to ask /manifests for.")
    score: int = Field(alias="similarityScore", ge=0, le=100, description="How well it fits.")


class QueryResult(BaseModel):
    """The manifests that fit, best first."""

    matches: list[ManifestMatch]


class BindingQuery(BaseModel):
    """A soft binding that is too large for an address."""

    alg: str = Field(max_length=200, description="Name of the soft binding algorithm.")
    value: str = Field(description="The binding's value in base64.")


class SupportedAlgorithm(BaseModel):
    """One algorithm."""

    alg: str = Field(description="Its name.")


class SupportedAlgorithms(BaseModel):
    """The algorithms that can be asked with."""

    watermarks: list[SupportedAlgorithm]
    fingerprints: list[SupportedAlgorithm]


class Discovery(BaseModel):
    """Where the resolution API is."""

    endpoint: str = Field(alias="apiEndpoint", description="Address to which the paths of the API are appended.")
    version: str = Field(alias="c2paSpecificationVersion", description="Version of C2PA that it keeps to.")
