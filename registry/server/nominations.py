"""Nominating originals for a clip's hashes, as a verifier elsewhere asks."""

from __future__ import annotations

from http import HTTPStatus

import numpy as np
from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from provenance.catalog import Query
from registry import wire
from registry.catalog import LocalCatalog
from registry.server.bodies import read_body
from registry.server.content import Places
from registry.server.problems import HttpError
from registry.server.rates import limited
from registry.server.service import Open, Viewer
from registry.wire import NominatedOriginal, NominationList, NominationQuery, pack, unpack

PATH = "/v1/nominations"
MAX_BYTES = 16 << 20

router = APIRouter(tags=["assets"])


@router.post(
    PATH,
    operation_id="nominate",
    summary="Originals that may hold a clip",
    dependencies=[Depends(limited("nominations"))],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": NominationQuery.model_json_schema()}},
        }
    },
)
async def nominate(request: Request, service: Open, viewer: Viewer) -> NominationList:
    """The originals most likely to hold what is asked about, with the hits that speak for them. Facts, no verdict."""
    places: Places = request.app.state.places
    async with places.searches.place():
        data = await read_body(request, MAX_BYTES)
        return await run_in_threadpool(_nominated, data, LocalCatalog(service.registry, viewer))


def _nominated(data: bytes, catalog: LocalCatalog) -> NominationList:
    try:
        asked = NominationQuery.model_validate_json(data)
        query = query_of(asked)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _unusable(f"{where}: {first['msg']}") from error
    except ValueError as error:
        raise _unusable(str(error)) from error
    return NominationList(
        nominations=[
            NominatedOriginal(
                asset_id=found.asset_id,
                votes=found.votes,
                hits=pack(found.hits, "<i4"),
                sound_hits=pack(found.sound_hits, "<i4"),
            )
            for found in catalog.nominate(query, asked.limit)
        ]
    )


def query_of(asked: NominationQuery) -> Query:
    """The query that was sent.

    Raises:
        ValueError: its arrays are not of one length, or hold what cannot be.
    """
    query = Query(
        frames=unpack(asked.frames, "u1", columns=32, most=wire.MAX_HASHES),
        frame_times_ms=unpack(asked.frame_times_ms, "<i4").astype(np.int64),
        frame_variants=unpack(asked.frame_variants, "u1"),
        sound=unpack(asked.sound, "<u4", most=wire.MAX_SOUNDS).astype(np.uint32),
        sound_times_ms=unpack(asked.sound_times_ms, "<i4").astype(np.int64),
        features=unpack(asked.features, "u1", columns=128, most=wire.MAX_FEATURES),
        feature_pictures=unpack(asked.feature_pictures, "u1"),
        brief=unpack(asked.brief, "<u4", most=wire.MAX_SOUNDS).astype(np.uint32),
        brief_times_ms=unpack(asked.brief_times_ms, "<i4").astype(np.int64),
    )
    if not len(query.frames) == len(query.frame_times_ms) == len(query.frame_variants):
        raise ValueError("frames, frame_times_ms and frame_variants differ in length")
    if len(query.sound) != len(query.sound_times_ms):
        raise ValueError("sound and sound_times_ms differ in length")
    if len(query.brief) != len(query.brief_times_ms):
        raise ValueError("brief and brief_times_ms differ in length")
    if len(query.features) != len(query.feature_pictures):
        raise ValueError("features and feature_pictures differ in length")
    if any((times < 0).any() for times in (query.frame_times_ms, query.sound_times_ms, query.brief_times_ms)):
        raise ValueError("a time is negative")
    return query


def _unusable(found: str) -> HttpError:
    return HttpError(
        HTTPStatus.BAD_REQUEST, "nominations.query", "the query cannot be used", found=found[:300], hint="/openapi.json"
    )
