"use strict";

// Compare: a native range over both photographs. Without this script they stand side by side.
for (const pair of document.querySelectorAll(".pair")) {
  const range = pair.querySelector(".pair-range");
  const shots = [...pair.querySelectorAll(".shot")];
  const shown = { left: 0, right: shots.length - 1 };
  const show = () => {
    pair.style.setProperty("--pos", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${100 - range.value} % ${shots[shown.right].dataset.label}`);
  };
  range.addEventListener("input", show);
  // Any two stages: the earlier one is always on the left, so that no side is ever mistaken.
  const choose = pair.querySelector(".choose");
  const turnTo = () => {
    shots.forEach((shot, place) => {
      shot.hidden = place !== shown.left && place !== shown.right;
      shot.classList.toggle("shot-before", place === shown.left);
      shot.classList.toggle("shot-after", place === shown.right);
    });
    for (const side of ["left", "right"]) {
      pair.querySelector(`.name-${side}`).textContent = shots[shown[side]].dataset.label;
      choose.querySelector(`.choose-${side}`).value = shown[side];
    }
    for (const told of pair.querySelectorAll(".difference")) told.hidden = told.dataset.pair !== `${shown.left}-${shown.right}`;
    const [left, right] = [shown.left, shown.right].map((place) => shots[place].dataset.label);
    range.setAttribute("aria-label", range.getAttribute("aria-label").replace(/^.*\(right\)/, () => `Compare ${left} (left) with ${right} (right)`));
    show();
  };
  if (choose) {
    choose.addEventListener("change", (event) => {
      const side = event.target.classList.contains("choose-left") ? "left" : "right";
      shown[side] = Number(event.target.value);
      if (shown.left >= shown.right) shown[side === "left" ? "right" : "left"] = shown[side] + (side === "left" ? 1 : -1);
      turnTo();
    });
  }
  range.hidden = false;
  pair.classList.add("is-slider");
  show();
}

// Enlarge: Escape closes, arrow keys turn the pages, and the focus returns to where it was.
const links = [...document.querySelectorAll("a.zoom")];
if (links.length) {
  const make = (name, className, text) => {
    const node = document.createElement(name);
    node.className = className;
    if (text) node.textContent = text;
    return node;
  };
  const button = (className, text, label, act) => {
    const node = make("button", className, text);
    node.type = "button";
    node.setAttribute("aria-label", label);
    node.addEventListener("click", act);
    return node;
  };
  const dialog = make("dialog", "lightbox");
  const image = make("img", "lightbox-image");
  const caption = make("p", "lightbox-caption");
  let at = 0;
  const turn = (to) => {
    at = (to + links.length) % links.length;
    image.src = links[at].href;
    image.alt = links[at].querySelector("img").alt;
    caption.textContent = `${links[at].dataset.caption} (${at + 1} of ${links.length})`;
  };
  dialog.setAttribute("aria-label", "Enlarged photograph");
  dialog.append(
    image,
    caption,
    button("lightbox-previous", "‹", "Previous photograph", () => turn(at - 1)),
    button("lightbox-next", "›", "Next photograph", () => turn(at + 1)),
    button("lightbox-close", "×", "Close", () => dialog.close()),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") turn(at - 1);
    if (event.key === "ArrowRight") turn(at + 1);
  });
  document.body.append(dialog);
  links.forEach((link, number) => {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      turn(number);
      dialog.showModal();
    });
  });
}

// Filter: works offline, on what the page holds already.
const filter = document.querySelector(".filter");
if (filter) {
  const cards = [...document.querySelectorAll(".cards > .card")];
  const has = new Map(cards.map((card) => [card, new Set(JSON.parse(card.dataset.search).map(String))]));
  const apply = () => {
    const wanted = [...new FormData(filter)].filter(([, value]) => value).map(String);
    let shown = 0;
    for (const card of cards) {
      card.hidden = !wanted.every((pair) => has.get(card).has(pair));
      shown += !card.hidden;
    }
    filter.querySelector(".filter-count").textContent = wanted.length ? `${shown} of ${cards.length} cases` : "";
  };
  filter.addEventListener("change", apply);
  filter.addEventListener("reset", () => setTimeout(apply));
  filter.addEventListener("submit", (event) => event.preventDefault());
  apply();
}
