// Photos are moved between stages by drag, by keyboard or by the lists under them; every change is saved at once.
"use strict";
(() => {
  const form = document.querySelector("[data-board]");
  if (!form) return;
  const lanes = [...form.querySelectorAll("[data-lane]")], saved = form.querySelector("[data-saved]");
  const versions = document.querySelectorAll("[name=version]");
  let dragged = null, saving = false, again = false, leaving = null;
  form.querySelector("[data-plain-save]").hidden = true;

  const save = async () => {
    if (saving) { again = true; return; }
    saving = true; saved.className = "hint"; saved.textContent = "Saving …";
    try {
      const sent = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      const answer = await sent.json();
      if (answer.ok) versions.forEach((field) => { field.value = answer.version; }); else { again = false; conflict(answer.sentence); }
      if (answer.ok && !again && !leaving) saved.textContent = "Saved.";
    } catch { again = false; saved.textContent = "Not saved: pairwatch cannot be reached. Your next change tries again."; }
    saving = false;
    if (leaving) leaving(); else if (again) { again = false; save(); }
  };

  // A button pressed while a save is on its way waits for it: else the form would be older than what it saved itself.
  form.addEventListener("submit", (event) => {
    if (!saving) return;
    event.preventDefault();
    leaving = () => { saving = leaving = null; form.requestSubmit(event.submitter); };
  });

  const conflict = (sentence) => {
    saved.className = "said warn";
    saved.textContent = `Not saved: ${sentence} `;
    const button = document.createElement("button");
    button.textContent = "Show me what to do"; button.name = "then"; button.value = "stay";
    saved.append(button);
  };

  const rename = (lane) => {
    const field = lane.querySelector("input.name");
    if (!field) return;
    form.querySelectorAll(`[data-stage] option[value="${lane.dataset.lane}"]`).forEach((option) => { option.textContent = field.value; });
    lane.setAttribute("aria-label", `Stage ${lane.dataset.lane}: ${field.value}`);
  };

  const move = (card, lane, before) => {
    lane.querySelector(".cards").insertBefore(card, before || null);
    card.querySelector("[data-stage]").value = lane.dataset.lane;
    save();
  };

  // Whether a case has a photo already is found out beside the page: a warning that comes when it is known.
  const twins = form.querySelector("[data-twins]");
  const warn = (photo, { sentence, case: place }) => {
    const card = form.querySelector(`[data-card="${photo}"]`);
    if (!card || card.querySelector("[data-twin]")) return;
    const line = document.createElement("p"), link = document.createElement("a");
    line.className = "why unsure"; line.dataset.twin = ""; line.textContent = `${sentence}. `;
    link.href = place; link.textContent = "Open that case";
    line.append(link); card.append(line);
  };
  const ask = async () => {
    try {
      const answer = await (await fetch(twins.dataset.twins, { headers: { Accept: "application/json" } })).json();
      Object.entries(answer.found).forEach(([photo, twin]) => warn(photo, twin));
      if (answer.waiting) { setTimeout(ask, 1500); return; }
      const count = Object.keys(answer.found).length;
      twins.textContent = count ? `${count} of these photos ${count === 1 ? "is" : "are"} in a case already: see the warnings.` : "No case has one of these photos.";
    } catch { setTimeout(ask, 5000); }
  };
  if (twins) ask();

  for (const card of form.querySelectorAll("[data-card]")) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => { dragged = card; card.classList.add("moving"); event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", ""); });
    card.addEventListener("dragend", () => { card.classList.remove("moving"); dragged = null; lanes.forEach((lane) => lane.classList.remove("over")); });
    card.addEventListener("keydown", (event) => {
      const lane = card.closest("[data-lane]"), at = lanes.indexOf(lane);
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!event.altKey || !step) return;
      event.preventDefault();
      const focus = document.activeElement;
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const other = step < 0 ? card.previousElementSibling : card.nextElementSibling;
        if (other) move(card, lane, step < 0 ? other : other.nextElementSibling);
      } else if (lanes[at + step]) move(card, lanes[at + step]);
      focus.focus();
    });
    card.querySelector("[data-stage]").addEventListener("change", (event) => {
      move(card, form.querySelector(`[data-lane="${event.target.value}"]`)); event.target.focus();
    });
    card.querySelector("[data-view]").addEventListener("change", save);
  }
  for (const lane of lanes) {
    lane.addEventListener("dragover", (event) => { if (dragged) { event.preventDefault(); lane.classList.add("over"); } });
    lane.addEventListener("dragleave", () => lane.classList.remove("over"));
    lane.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const under = event.target.closest("[data-card]");
      move(dragged, lane, under && under !== dragged ? under : null);
    });
    const field = lane.querySelector("input.name");
    if (field) field.addEventListener("change", () => { rename(lane); save(); });
  }
})();
