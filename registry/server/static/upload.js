// Takes files that are dropped, and says how much of one has been sent.
"use strict";

(() => {
  const form = document.querySelector("form.upload");
  const file = form.querySelector("input[type=file]");
  const drop = form.querySelector(".drop");
  const button = form.querySelector("button[type=submit]");
  const going = form.querySelector(".upload-going");
  const bar = going.querySelector("progress");
  const status = going.querySelector("[role=status]");
  const problem = form.querySelector(".upload-problem");
  form.querySelector(".when-script").hidden = false;

  const say = (text) => {
    problem.textContent = text;
    problem.hidden = !text;
    going.hidden = true;
    button.disabled = false;
  };
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) file.files = event.dataTransfer.files;
  });

  form.addEventListener("submit", (event) => {
    if (!file.files.length) return; // an address, which the plain form sends
    event.preventDefault();
    say("");
    going.hidden = false;
    button.disabled = true;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (sent) => {
      bar.value = sent.total ? sent.loaded / sent.total : 0;
      status.textContent =
        sent.loaded < sent.total ? `Sent ${megabytes(sent.loaded)} of ${megabytes(sent.total)}` : "Sent; looking at it";
    });
    request.addEventListener("load", () => {
      if (request.status < 300) {
        location.assign(request.responseURL);
        return;
      }
      try {
        const said = JSON.parse(request.responseText);
        say([said.detail, said.expected && `Expected: ${said.expected}`, said.hint && `Try: ${said.hint}`].filter(Boolean).join(". "));
      } catch {
        say(`The server answered with ${request.status}.`);
      }
    });
    request.addEventListener("error", () => say("The connection broke. Nothing is lost; try again."));
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(form));
  });
})();
