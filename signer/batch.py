"""Signing several files with one key: where each output goes, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from provenance.assets import Capture, SignedAsset
from provenance.errors import OutputError, ProvenanceError
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.register import Registered, register
from registry.store import Registry, open_registry
from signer.keys import SigningKey
from signer.manifest import MAX_TEXT, check_capture
from signer.sign import sign_file
from signer.writer import check_tsa

MARK = ".signed"


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of every file; the fields of ``Capture`` and how to go about it."""

    title: str | None = None
    author: str | None = None
    organisation: str | None = None
    captured_at: str | None = None
    place: str | None = None
    source_type: str = "digitalCapture"
    tsa_url: str | None = None
    replace: bool = False
    withhold_reference: bool = False
    registering: bool = False
    embargoed: bool = False

    def capture(self, path: Path) -> Capture:
        """What the manifest of one file is to say."""
        return Capture(
            path=path,
            title=self.title if self.title is not None else _title_of(path),
            source_type=self.source_type,
            author=self.author,
            organisation=self.organisation,
            captured_at=self.captured_at,
            place=self.place,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file. ``asset`` can be there together with ``error``: signed, but not registered."""

    source: Path
    target: Path
    asset: SignedAsset | None = None
    registered: Registered | None = None
    error: ProvenanceError | None = None

    def as_json(self) -> dict[str, Any]:
        """The outcome for programs, without the error."""
        asset = self.asset
        return {
            "input": str(self.source),
            "output": str(asset.path) if asset else None,
            "sidecar": str(asset.sidecar) if asset and asset.sidecar else None,
            "asset_id": asset.asset_id if asset else None,
            "reference_sha256": asset.reference.sha256 if asset and asset.reference else None,
            "registered": self.registered is not None,
            "notes": list(asset.notes) if asset else [],
        }


class Workshop:
    """Signs files one after the other with an opened key, and registers them if that is wanted."""

    def __init__(self, settings: Settings, order: Order, key: SigningKey) -> None:
        self._settings = settings
        self._order = order
        self._key = key
        self._anchors = load_anchors(settings.anchors)
        self._stack = ExitStack()
        self._registry: Registry | None = None

    def __enter__(self) -> Self:
        """Check what concerns all files, before the first is touched.

        Raises:
            ProvenanceError: the order cannot be carried out for any file.
        """
        check_capture(self._order.capture(Path("any")))
        if self._order.tsa_url is not None:
            check_tsa(self._order.tsa_url)
        if self._order.registering:
            self._registry = self._stack.enter_context(open_registry(self._settings))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def sign(self, source: Path, target: Path, on_progress: Callable[[float], None]) -> Outcome:
        """Sign one file; what goes wrong with it is in the outcome, so that the next can have its turn."""
        asset = None
        try:
            asset = sign_file(
                self._order.capture(source),
                target,
                key=self._key,
                settings=self._settings,
                anchors=self._anchors,
                replace=self._order.replace,
                withhold_reference=self._order.withhold_reference,
                tsa_url=self._order.tsa_url,
                on_progress=on_progress,
            )
            registered = self._register(asset) if self._registry else None
            return Outcome(source, target, asset, registered)
        except ProvenanceError as error:
            return Outcome(source, target, asset, error=error)
        except OSError as error:
            wrapped = OutputError(
                "system.io",
                f"the system refused to read or write for {source.name}",
                found=error.strerror or str(error),
                hint="check that the place exists, may be written to, and has space left",
            )
            wrapped.__cause__ = error
            return Outcome(source, target, asset, error=wrapped)

    def _register(self, asset: SignedAsset) -> Registered | None:
        if self._registry is None:
            return None
        return register(
            self._registry,
            asset.path,
            settings=self._settings,
            anchors=self._anchors,
            policy=load_policy(self._settings, self._anchors),
            reference=asset.reference.path if asset.reference else None,
            embargoed=self._order.embargoed,
        )


def outputs_for(sources: Sequence[Path], output: Path | None) -> list[tuple[Path, Path]]:
    """Pairs of source and target: the file named, in the folder named, or beside the source.

    Raises:
        OutputError: ``output.ambiguous``: two sources would go to one target.
    """
    pairs = [(source, _output_for(source, output)) for source in sources]
    taken: dict[Path, Path] = {}
    for source, target in pairs:
        other = taken.setdefault(target.absolute(), source)
        if other is not source:
            raise OutputError(
                "output.ambiguous",
                f"{other} and {source} would both become {target}",
                expected="one output for each input",
                hint="sign them into different folders",
            )
    return pairs


def _output_for(source: Path, output: Path | None) -> Path:
    if not source.name:
        # "." and "/" have no name to derive one from; that they are no files is said where they are opened.
        return source
    name = f"{source.stem}{MARK}{source.suffix}"
    if output is None:
        return source.with_name(name)
    return output / name if output.is_dir() else output


def _title_of(path: Path) -> str:
    # A file may be named with control characters; a title made from it must not be refused for that.
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in path.name or str(path))[
        :MAX_TEXT
    ]
