"""Settings, read once at the top and passed in: file < PROVENANCE_* variables < options."""

from __future__ import annotations

import os
import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from provenance.errors import SettingsError
from provenance.media.values import Limits

APP_NAME = "provenance-toolkit"
SETTINGS_FILE = "settings.toml"


class Rates(BaseModel):
    """How often one asker may ask in a minute, and at once; 0: as often as wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: int = Field(default=30, ge=0)
    nominations: int = Field(default=120, ge=0)
    checks: int = Field(default=10, ge=0)
    sightings: int = Field(default=6, ge=0)
    logins: int = Field(default=10, ge=0)
    registrations: int = Field(default=120, ge=0)
    uploads: int = Field(default=120, ge=0)
    log: int = Field(default=6000, ge=0)


class OidcGrant(BaseModel):
    """Who may do what: an account whose ``claim`` is ``value``, or a list with it, acts in this role for this
    ``organisation``, named as in its certificates; for none, as the operator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim: str = Field(min_length=1)
    value: str = Field(min_length=1)
    role: Literal["reader", "publisher", "admin"]
    organisation: str | None = None


class Oidc(BaseModel):
    """A provider of OpenID Connect, with whose accounts people log in. ``name``: what the page calls them.

    ``grants``: the first that fits counts; an account that none fits may not log in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(pattern=r"^https?://[!-~]+$")
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    name: str = "your account"
    scope: str = "openid profile email"
    grants: tuple[OidcGrant, ...] = Field(min_length=1)


class UploadLimits(BaseModel):
    """Bounds on files that are sent in parts: one file, all of a token's, all; and how long they may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=16 << 30, ge=1 << 20)
    per_token_bytes: int = Field(default=64 << 30, ge=1 << 20)
    total_bytes: int = Field(default=256 << 30, ge=1 << 20)
    hours: int = Field(default=24, ge=1, le=24 * 30)


class Server(BaseModel):
    """How the registry is served. Sizes are in bytes.

    ``trusted_proxies``: addresses or networks whose word (X-Forwarded-For, X-Forwarded-Proto) on who asks, and whether
    by https, is taken. ``metrics``: whether there is ``/metrics``. ``oidc``: accounts to log in with, besides tokens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    max_body_bytes: int = Field(default=4 << 20, ge=1024)
    max_file_bytes: int = Field(default=2 << 30, ge=1 << 20)
    max_content_bytes: int = Field(default=512 << 20, ge=1024)
    max_content_seconds: int = Field(default=900, ge=1)
    max_decoders: int = Field(default=2, ge=1, le=256)
    public_reading: bool = True
    session_hours: int = Field(default=12, ge=1, le=24 * 30)
    rates: Rates = Field(default_factory=Rates)
    uploads: UploadLimits = Field(default_factory=UploadLimits)
    max_registrations: int = Field(default=2, ge=1, le=256)
    trusted_proxies: tuple[IPvAnyNetwork, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
    metrics: bool = False
    oidc: Oidc | None = None


class Checks(BaseModel):
    """How clips are examined for those who ask over HTTP.

    ``files_url``: where clips lie until then; a folder of the home unless workers run on other machines. ``queue``:
    clips that may wait. ``budget_seconds``: the longest an examination may take; ``max_seconds``: of a clip's length.
    ``keep_clips``: keep what was sent as long as its report. ``previews``: keep a small copy, to be played beside the
    original. ``lease_seconds``: how long a worker may be silent before another takes its job. ``listeners``: who may
    follow the progress at a time. ``fetch_links``: whether addresses may be given in place of files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files_url: str | None = None
    queue: int = Field(default=50, ge=1)
    budget_seconds: float = Field(default=600, ge=1, le=24 * 3600)
    max_seconds: int = Field(default=1800, ge=1)
    keep_days: float = Field(default=7, gt=0, le=3650)
    keep_clips: bool = False
    previews: bool = True
    lease_seconds: float = Field(default=30, ge=1)
    listeners: int = Field(default=100, ge=0)
    fetch_links: bool = False
    fetch_seconds: float = Field(default=120, gt=0)


class Settings(BaseSettings):
    """Where things are and how far to go. Every field is also a PROVENANCE_* variable.

    ``originals``: folders in which ``verify`` looks for the signed files themselves. ``tsa``: time-stamp authorities
    that ``sign`` asks, in order; ``tsa_policy``: what is done when none answers; ``tsa_seconds``: the time each has.
    """

    model_config = SettingsConfigDict(env_prefix="PROVENANCE_", frozen=True, extra="forbid", env_nested_delimiter="__")

    home: Path
    database_url: str | None = None
    blobs_url: str | None = None
    policy_file: Path | None = None
    registry_url: str | None = None
    registry_token: SecretStr | None = None
    originals: tuple[Path, ...] = ()
    tsa: tuple[str, ...] = ()
    tsa_policy: Literal["require", "optional", "queue"] = "require"
    tsa_seconds: float = Field(default=10, ge=0.1, le=25)
    log_origin: str | None = Field(default=None, pattern=r"^[!-*,-~]{1,200}$")
    require_sandbox: bool = False
    limits: Limits = Field(default_factory=Limits)
    server: Server = Field(default_factory=Server)
    checks: Checks = Field(default_factory=Checks)

    @property
    def keys(self) -> Path:
        """Folder of signing keys and their chains."""
        return self.home / "keys"

    @property
    def anchors(self) -> Path:
        """Folder of trust lists."""
        return self.home / "trust"

    @property
    def log(self) -> Path:
        """Folder of the log's private key, and of what was last seen of logs."""
        return self.home / "log"

    @property
    def references(self) -> Path:
        """Folder of reference copies made by signing, by their SHA-256."""
        return self.home / "references"

    @property
    def uploads(self) -> Path:
        """Folder of files on their way in."""
        return self.home / "uploads"

    @property
    def reference_cache(self) -> Path:
        """Folder of reference copies that a registry elsewhere sent, by their SHA-256."""
        return self.home / "cache" / "references"

    @property
    def claims(self) -> Path:
        """Which file in the folders of originals claims to be which asset: a cache, made anew when it is lost."""
        return self.home / "originals.json"

    @property
    def sending(self) -> Path:
        """Folder of notes on files that are being sent to a registry elsewhere."""
        return self.home / "sending"

    @property
    def database(self) -> str:
        """SQLAlchemy address of the registry's database."""
        return self.database_url or f"sqlite:///{self.home / 'registry.db'}"

    @property
    def blobs(self) -> str:
        """fsspec address of the folder or bucket of blobs."""
        return self.blobs_url or str(self.home / "blobs")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where values come from, strongest first."""
        # A stray .env in the working folder is never read.
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(home: Path | None = None, **options: Any) -> Settings:
    """Read the settings file of the home, then PROVENANCE_* variables, then options; later ones win.

    Raises:
        SettingsError: the file is not TOML, or a field is unknown or of the wrong type.
    """
    folder = Path(home or os.environ.get("PROVENANCE_HOME") or platformdirs.user_data_path(APP_NAME)).expanduser()
    if os.path.lexists(folder) and not folder.is_dir():
        raise SettingsError(
            "settings.home",
            f"the home {folder} is not a folder",
            expected="a folder, or a name that is free",
            found="a file, device or broken link",
            hint="correct --home or PROVENANCE_HOME",
        )
    given = {name: value for name, value in options.items() if value is not None}

    class Located(Settings):
        model_config = SettingsConfigDict(toml_file=folder / SETTINGS_FILE)

    try:
        return Located(home=folder.absolute(), **given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(
            "settings.file",
            f"the settings file {folder / SETTINGS_FILE} cannot be read",
            expected="TOML",
            found=str(error),
            hint="correct or remove the file",
        ) from error
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(
            "settings.value",
            f"setting {'.'.join(str(part) for part in problem['loc'])} is not usable",
            found=problem["msg"],
            hint=f"correct it in {folder / SETTINGS_FILE} or in the PROVENANCE_* variable",
        ) from error
