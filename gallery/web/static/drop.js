// Dropped and chosen files go up one by one, two at a time; each shows how far it is, and a bad one never stops the others.
"use strict";
(() => {
  const form = document.querySelector("[data-drop]");
  if (!form) return;
  const token = form.querySelector("[name=csrf_token]").value;
  const known = new Set(JSON.parse(form.dataset.known || "[]").map(([name, size]) => name + "/" + size));
  const list = form.querySelector("[data-files]"), status = form.querySelector("[data-status]");
  const button = form.querySelector("button"), chosen = form.querySelector("#files"), folder = form.querySelector("#folder");
  const hidden = /^(\.|thumbs\.db$|desktop\.ini$)/i;
  let place = form.action.endsWith("/new") ? null : form.action, draft = null;
  let waiting = [], running = 0, done = 0, all = 0, problems = 0, opening = null;

  folder.webkitdirectory = true;
  form.querySelector("[data-folder]").hidden = false;
  button.hidden = true;

  const el = (name, text) => { const made = document.createElement(name); if (text) made.textContent = text; return made; };

  const post = (url, data, onprogress) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token);
    request.upload.onprogress = (event) => { if (onprogress && event.lengthComputable) onprogress(event.loaded / event.total); };
    request.onload = () => { try { resolve(JSON.parse(request.responseText)); } catch { resolve({ ok: false, sentence: "" }); } };
    request.onerror = () => resolve({ ok: false, sentence: "", cut: true });
    request.send(data);
  });

  const open = () => opening ||= post(form.action, new FormData()).then((answer) => {
    if (!answer.ok) return;
    draft = answer.draft; place = answer.draft + "files";
  });

  const tell = () => {
    status.textContent = done < all ? `${done} of ${all} files are in. You may close this page: what is in stays.`
      : problems ? `${all - problems} of ${all} files are in. ${problems} could not be taken; the others are safe.` : `All ${all} files are in.`;
  };

  const send = async (file, line) => {
    const bar = line.querySelector("progress") || line.appendChild(el("progress"));
    bar.max = 1; bar.value = 0; bar.setAttribute("aria-label", file.name);
    line.querySelectorAll("em, button").forEach((old) => old.remove());
    if (!place) await open();
    const data = new FormData();
    data.append("files", file, file.name);
    const answer = place ? await post(place, data, (share) => { bar.value = share * 0.9; }) : { ok: false, cut: true };
    bar.remove();
    const outcome = answer.files ? answer.files[0] : answer;
    if (outcome.ok) { line.append(el("em", outcome.sentence || "in")); line.className = "in"; return; }
    problems += 1; line.className = "out";
    line.append(el("em", outcome.sentence || (answer.cut ? "was cut off on its way." : "could not be taken.")));
    if (answer.cut) {
      const again = line.appendChild(el("button", "Try again"));
      again.type = "button";
      again.addEventListener("click", () => { problems -= 1; done -= 1; waiting.push([file, line]); next(); });
    }
  };

  const next = () => {
    while (running < 2 && waiting.length) {
      running += 1;
      send(...waiting.shift()).finally(() => { running -= 1; done += 1; tell(); next(); });
    }
    if (!running && !waiting.length && done === all && all) finish();
  };

  const finish = async () => {
    const there = draft || location.pathname;
    if (place) { const data = new FormData(); data.append("csrf_token", token); await post(form.dataset.sort || draft + "sort", data); }
    if (!problems) { location.assign(there); return; }
    const on = form.querySelector("[data-go-on]");
    on.hidden = !place; on.querySelector("a").href = there;
  };

  const take = (files) => {
    form.querySelector("[data-progress]").hidden = false;
    for (const file of files) {
      if (hidden.test(file.name)) continue;
      const line = list.appendChild(el("li"));
      line.append(el("span", file.name), " ");
      if (known.has(file.name + "/" + file.size)) { line.append(el("em", "is here already")); line.className = "in"; continue; }
      known.add(file.name + "/" + file.size);
      all += 1; waiting.push([file, line]);
    }
    if (!all) { status.textContent = "There is nothing new in it."; return; }
    tell(); next();
  };

  const inside = (entry) => new Promise((resolve) => {
    if (entry.isFile) { entry.file((file) => resolve([file]), () => resolve([])); return; }
    const reader = entry.createReader(), found = [];
    const more = () => reader.readEntries(async (entries) => {
      if (!entries.length) { resolve((await Promise.all(found.map(inside))).flat()); return; }
      found.push(...entries); more();
    }, () => resolve([]));
    more();
  });

  for (const input of [chosen, folder]) input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); form.classList.add("over"); } });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", async (event) => {
    event.preventDefault(); form.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    take(entries.length ? (await Promise.all(entries.map(inside))).flat() : [...event.dataTransfer.files]);
  });
})();
