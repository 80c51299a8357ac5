// Plays original and clip in step, and shows in them what the report found. All times are seconds.
"use strict";

(() => {
  const player = document.querySelector(".player");
  if (!player) return;

  const matches = JSON.parse(player.dataset.matches);
  const total = Number(player.dataset.total);
  const step = Number(player.dataset.step) || 0.04;
  const find = (selector) => player.querySelector(selector);
  const clip = find(".clip video, .clip audio, .clip .frame > img:not(.heat)");
  const original = find(".original video, .original audio, .original img");
  const plays = (medium) => medium instanceof HTMLMediaElement;
  const jumps = [...document.querySelectorAll("button.jump")];
  const findings = jumps.map((button) => ({
    button,
    start: Number(button.dataset.start),
    end: Number(button.dataset.end),
    region: button.dataset.region ? button.dataset.region.split(" ").map(Number) : null,
    heat: button.closest(".finding").querySelector("figure.heatmap img")?.src,
  }));
  let match = matches[0];

  const clock = (seconds) => {
    const tenths = Math.round(seconds * 10);
    const minutes = Math.floor(tenths / 600);
    return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
  };
  const now = () => (plays(clip) ? clip.currentTime : Number(find(".seek")?.value || 0));
  const view = () => find('input[name="view"]:checked').value;

  // The stretch of the original that the clip shows at a moment: [its time in the original, the segment], or null.
  const place = (time) => {
    for (const segment of match.segments) {
      const [from, to] = segment.clip;
      if (time >= from - 0.001 && time < to + 0.001) {
        const start = segment.speed < 0 ? segment.original[1] : segment.original[0];
        return [start + (time - from) * segment.speed, segment];
      }
    }
    return null;
  };

  // Lays the original into the clip's frame, as the segment says which part of it the clip shows.
  const lay = (segment) => {
    const stacked = view() !== "side" && segment;
    const [x, y, w, h] = segment ? segment.crop : [0, 0, 1, 1];
    const style = original.style;
    style.width = stacked ? `${100 / w}%` : "";
    style.height = stacked ? `${100 / h}%` : "";
    style.left = stacked ? `${(-100 * (segment.mirrored ? 1 - x - w : x)) / w}%` : "";
    style.top = stacked ? `${(-100 * y) / h}%` : "";
    style.transform = stacked && segment.mirrored ? "scaleX(-1)" : "";
  };

  const follow = () => {
    const time = now();
    const found = place(time);
    const playing = plays(clip) && !clip.paused;
    find(".apart").hidden = Boolean(found);
    original.classList.toggle("away", !found);
    if (found && plays(original)) {
      const [wanted, segment] = found;
      const backwards = segment.speed <= 0;
      const off = original.currentTime - wanted;
      if (playing && !backwards) {
        // Small differences are made up for by playing a little faster or slower, large ones by a jump.
        const rate = segment.speed * Math.min(1.2, Math.max(0.8, 1 - off));
        original.playbackRate = Math.min(16, Math.max(0.0625, rate));
        if (original.paused) original.play().catch(() => {});
        if (Math.abs(off) > 0.25 && !original.seeking) original.currentTime = wanted;
      } else {
        if (!original.paused) original.pause();
        if (Math.abs(off) > 0.01 && !original.seeking) original.currentTime = wanted;
      }
    } else if (plays(original) && !original.paused) {
      original.pause();
    }
    lay(found ? found[1] : null);
    show(time, found);
  };

  const show = (time, found) => {
    const seek = find(".seek");
    if (seek) {
      if (plays(clip)) seek.value = time;
      seek.setAttribute("aria-valuetext", clock(time));
      find(".time").textContent = `${clock(time)} / ${clock(total)}`;
      find(".clip .at").textContent = `· at ${clock(time)}`;
      find(".original .at").textContent = found && plays(original) ? `· at ${clock(found[0])}` : "";
      line.style.left = `${total ? (100 * Math.min(time, total)) / total : 0}%`;
    }
    const marks = find(".marks");
    const marked = find(".mark")?.checked ?? false;
    const warm = find(".warm")?.checked ?? false;
    const here = findings.filter((f) => !total || (time >= f.start - 0.02 && time <= f.end + 0.02));
    const boxes = marked ? here.filter((f) => f.region) : [];
    if (marks.childElementCount !== boxes.length) {
      marks.replaceChildren(...boxes.map(() => document.createElement("div")));
    }
    boxes.forEach((f, index) => {
      const [x, y, w, h] = f.region;
      const box = marks.children[index];
      box.className = f.button.dataset.severity;
      Object.assign(box.style, { left: `${x * 100}%`, top: `${y * 100}%`, width: `${w * 100}%`, height: `${h * 100}%` });
    });
    const heat = warm ? here.find((f) => f.heat) : null;
    const picture = find(".heat");
    picture.hidden = !heat;
    if (heat && picture.getAttribute("src") !== heat.heat) picture.src = heat.heat;
    for (const f of findings) {
      if (here.includes(f)) f.button.setAttribute("aria-current", "true");
      else f.button.removeAttribute("aria-current");
    }
  };

  // Time runs in the clip; a frame of the page at a time while it plays, and after every jump.
  const run = () => {
    follow();
    if (plays(clip) && !clip.paused) requestAnimationFrame(run);
  };
  const go = (time) => {
    const bounded = Math.min(Math.max(time, 0), total || 0);
    if (plays(clip)) clip.currentTime = bounded;
    else if (find(".seek")) find(".seek").value = bounded;
    follow();
  };
  const toggle = () => {
    if (!plays(clip)) return;
    if (clip.paused) clip.play().catch(() => {});
    else clip.pause();
  };
  const middle = (finding) => (finding.region ? (finding.start + finding.end) / 2 : finding.start);
  const jump = (finding) => {
    if (plays(clip)) clip.pause();
    go(middle(finding));
    find(".said").textContent = `${finding.button.dataset.kind}, at ${clock(now())} of the clip`;
  };
  const neighbour = (direction) => {
    const at = [...findings].sort((a, b) => a.start - b.start);
    const time = now();
    const next = direction > 0 ? at.find((f) => middle(f) > time + 0.05) : at.reverse().find((f) => middle(f) < time - 0.05);
    if (next) jump(next);
  };
  const look = () => {
    for (const name of ["side", "wipe", "difference"]) player.classList.toggle(name, view() === name);
    const wipes = view() === "wipe";
    find(".wipe").hidden = find(".wipe-line").hidden = !wipes;
    player.style.setProperty("--wipe", `${find("#wipe").value}%`);
    const shape = clip.videoWidth ? `${clip.videoWidth} / ${clip.videoHeight}` : clip.naturalWidth ? `${clip.naturalWidth} / ${clip.naturalHeight}` : "";
    player.style.setProperty("--shape", shape || "16 / 9");
    follow();
  };

  // A line in the drawing of the clip over time says where the player is, and a click into it goes there.
  const line = document.createElement("div");
  line.className = "now";
  const drawing = document.querySelector("svg.timeline");
  if (drawing && total) {
    const around = document.createElement("div");
    around.className = "timeline-now";
    drawing.replaceWith(around);
    around.append(drawing, line);
    around.addEventListener("click", (event) => {
      const box = around.getBoundingClientRect();
      go(((event.clientX - box.left) / box.width) * total);
    });
  }

  for (const medium of [clip, original]) {
    if (!plays(medium)) continue;
    medium.controls = false;
    medium.muted = true;
    medium.addEventListener("loadedmetadata", look);
    medium.addEventListener("loadeddata", follow);
  }
  if (plays(clip)) {
    clip.addEventListener("play", () => {
      find(".play").textContent = "Stop";
      run();
    });
    for (const name of ["pause", "ended"]) {
      clip.addEventListener(name, () => {
        find(".play").textContent = "Play";
        follow();
      });
    }
    clip.addEventListener("seeked", follow);
    find(".play").addEventListener("click", toggle);
  } else if (find(".play")) {
    find(".play").hidden = true;
  }
  if (plays(original)) original.addEventListener("seeked", () => (!plays(clip) || clip.paused) && follow());
  find(".seek")?.addEventListener("input", (event) => go(Number(event.target.value)));
  find("#wipe").addEventListener("input", look);
  for (const input of player.querySelectorAll('input[name="view"]')) input.addEventListener("change", look);
  for (const input of player.querySelectorAll(".mark, .warm")) input.addEventListener("change", follow);
  find(".sound")?.addEventListener("change", (event) => {
    if (plays(clip)) clip.muted = event.target.value !== "clip";
    if (plays(original)) original.muted = event.target.value !== "original";
  });
  find("#which")?.addEventListener("change", (event) => {
    match = matches[Number(event.target.value)];
    find(".original .title").textContent = match.title;
    original.src = match.address;
    go(match.segments[0].clip[0]);
  });
  find(".screens").addEventListener("pointermove", (event) => {
    if (view() !== "wipe" || (event.pointerType !== "mouse" && !event.buttons)) return;
    const box = find(".clip .frame").getBoundingClientRect();
    find("#wipe").value = ((event.clientX - box.left) / box.width) * 100;
    look();
  });
  for (const finding of findings) {
    finding.button.hidden = false;
    finding.button.addEventListener("click", () => {
      jump(finding);
      find(".screens").scrollIntoView({ block: "nearest" });
    });
  }
  player.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    const act = {
      n: () => neighbour(1),
      p: () => neighbour(-1),
      ",": () => go(now() - step),
      ".": () => go(now() + step),
      " ": event.target.matches("button, input[type=checkbox], input[type=radio]") ? null : toggle,
    }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  find(".controls").hidden = false;
  if (find(".which")) find(".which").hidden = false;
  look();
  const first = findings.find((f) => f.button.dataset.severity === "altering");
  if (total) go(first ? middle(first) : matches[0].segments[0].clip[0]);
})();
