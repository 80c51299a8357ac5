// Says what is being done, as the server tells it, and shows the report when it is there.
"use strict";

(() => {
  const going = document.querySelector(".going");
  const bar = going.querySelector("progress");
  const doing = document.getElementById("doing");
  const events = new EventSource(going.dataset.events);
  const again = () => location.reload();

  events.addEventListener("check", (event) => {
    const check = JSON.parse(event.data);
    bar.value = check.share;
    const waiting = check.ahead === 1 ? "One clip is examined before this one" : `${check.ahead} clips are examined before this one`;
    const said = check.state === "queued" ? (check.ahead ? waiting : "Waiting for its turn") : check.doing;
    const text = said ? said[0].toUpperCase() + said.slice(1) : "Beginning";
    if (doing.textContent !== text) doing.textContent = text;
  });
  events.addEventListener("end", () => {
    events.close();
    again();
  });
  events.addEventListener("error", () => {
    // The browser takes a broken stream up again by itself; one that was refused it does not.
    if (events.readyState === EventSource.CLOSED) setTimeout(again, 4000);
  });
})();
