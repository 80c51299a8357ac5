"""One error type for everything that can go wrong, with a stable code.

Adapters translate foreign exceptions into these and keep the cause; only the command line exits.
"""

from __future__ import annotations


class ProvenanceError(Exception):
    """Something expected was not so: says what was expected, what was found and what to try.

    ``code`` is stable and dotted (``media.truncated``); tools may branch on it, never on the words.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.expected = expected
        self.found = found
        self.hint = hint

    def __str__(self) -> str:
        parts = [self.message]
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        if self.found is not None:
            parts.append(f"found {self.found}")
        text = "; ".join(parts)
        return f"{text}. Try: {self.hint}" if self.hint else text


class MediaError(ProvenanceError):
    """The file is not media we can read, or it is over a limit."""


class SandboxError(ProvenanceError):
    """The decoder could not be fenced, and the settings refuse to go on without."""


class CredentialError(ProvenanceError):
    """A C2PA credential could not be written or is not one that can be used."""


class TrustError(ProvenanceError):
    """A certificate, anchor list or trust policy is unusable or was not met."""


class KeyFileError(ProvenanceError):
    """A private key or certificate chain could not be made, opened or used."""


class RegistryError(ProvenanceError):
    """The registry is absent, damaged, of another schema, or refused what was asked."""


class ReportError(ProvenanceError):
    """A report cannot be read."""


class LogError(ProvenanceError):
    """A registry's log is not what it says it is: changed, rolled back, forked, or signed by another key."""


class CheckError(ProvenanceError):
    """What is to be checked, or by which rules, cannot be established."""


class OutputError(ProvenanceError):
    """An output could not be written, or would replace a file that was not to be replaced."""


class SettingsError(ProvenanceError):
    """The settings file or a PROVENANCE_* variable cannot be used."""
