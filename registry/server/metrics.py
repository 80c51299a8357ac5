"""Figures for Prometheus at ``/metrics``: how the server does and how much there is, and nothing about who asks."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from registry.checks.models import ExaminationRow
from registry.checks.values import State
from registry.log.models import LeafRow
from registry.log.sequencing import latest
from registry.models import AssetRow
from registry.server.service import Open
from registry.store import Registry

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30, 100)
"""Borders of the histogram: pages shall come in 0.3 s, registering takes seconds, large uploads minutes."""

router = APIRouter(include_in_schema=False)


class Metrics:
    """The figures of one application, apart from all others in the process."""

    def __init__(self) -> None:
        self._all = CollectorRegistry()
        self._requests = Counter(
            "provenance_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._all
        )
        self._seconds = Histogram(
            "provenance_http_request_seconds",
            "Time until a request was answered whole.",
            ("method", "route"),
            registry=self._all,
            buckets=_SECONDS,
        )
        self._assets = Gauge("provenance_assets", "Assets by status.", ("status",), registry=self._all)
        self._examinations = Gauge(
            "provenance_examinations", "Examinations that wait or run.", ("state",), registry=self._all
        )
        self._ages = Gauge(
            "provenance_examination_oldest_seconds",
            "How long the oldest of them has been in this state; 0 where there is none.",
            ("state",),
            registry=self._all,
        )
        self._log_size = Gauge("provenance_log_entries", "Entries of the log's checkpoint.", registry=self._all)
        self._log_waiting = Gauge("provenance_log_waiting", "Events not yet in the log.", registry=self._all)

    def observe(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count a request by its route's pattern. What the asker can make up is not a label."""
        labels = method if method in _METHODS else "other", route or "none"
        self._requests.labels(*labels, str(status)).inc()
        self._seconds.labels(*labels).observe(seconds)

    def text(self, registry: Registry) -> bytes:
        """All figures in Prometheus' format; those of the registry are read now.

        Raises:
            RegistryError: the database does not answer.
        """
        with registry.reading() as session:
            for status, count in session.execute(select(AssetRow.status, func.count()).group_by(AssetRow.status)):
                self._assets.labels(status).set(count)
            now = datetime.fromisoformat(registry.now())
            for state, since in ((State.QUEUED, ExaminationRow.created_at), (State.RUNNING, ExaminationRow.started_at)):
                found = select(func.count(), func.min(since)).where(ExaminationRow.state == state)
                count, oldest = session.execute(found).one()
                age = (now - datetime.fromisoformat(oldest)).total_seconds() if oldest else 0.0
                self._examinations.labels(state.value).set(count)
                self._ages.labels(state.value).set(max(0.0, age))
            last = latest(session)
            self._log_size.set(last.size if last else 0)
            waiting = select(func.count()).select_from(LeafRow).where(LeafRow.leaf_index.is_(None))
            self._log_waiting.set(session.scalar(waiting) or 0)
        return generate_latest(self._all)


@router.get("/metrics")
def metrics(request: Request, service: Open) -> Response:
    """For Prometheus. Only there where ``server.metrics`` is on; keep it from the public at the proxy."""
    figures: Metrics = request.app.state.metrics
    return Response(figures.text(service.registry), media_type=CONTENT_TYPE_LATEST)
