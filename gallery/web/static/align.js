// Two photos over each other with a fade, and pointing at the same two places in both; the fields are the truth, clicks fill them.
"use strict";
(() => {
  const over = document.querySelector("[data-over]"), fade = document.querySelector("#fade");
  if (over) {
    over.classList.add("stacked");
    document.querySelector("[data-fade]").hidden = false;
    const top = over.querySelector("img:last-child");
    const show = () => { top.style.opacity = fade.value / 100; };
    fade.addEventListener("input", show); show();
  }
  const form = document.querySelector("[data-align]");
  if (!form) return;
  for (const figure of form.querySelectorAll("[data-aim]")) {
    const side = figure.dataset.aim, target = figure.querySelector(".target"), image = target.querySelector("img");
    const field = (point, axis) => form.querySelector(`#${side}-${point}-${axis}`);
    const marks = [1, 2].map((point) => { const mark = document.createElement("span"); mark.className = "mark"; mark.textContent = point; mark.setAttribute("aria-hidden", "true"); target.append(mark); return mark; });
    const draw = () => marks.forEach((mark, at) => {
      const x = field(at + 1, "x").value, y = field(at + 1, "y").value;
      mark.hidden = x === "" || y === "";
      mark.style.left = x + "%"; mark.style.top = y + "%";
    });
    image.addEventListener("click", (event) => {
      const box = image.getBoundingClientRect();
      const point = field(1, "x").value === "" || field(2, "x").value !== "" ? 1 : 2;
      if (point === 1) { field(2, "x").value = ""; field(2, "y").value = ""; }
      field(point, "x").value = ((event.clientX - box.left) / box.width * 100).toFixed(1);
      field(point, "y").value = ((event.clientY - box.top) / box.height * 100).toFixed(1);
      draw();
    });
    figure.addEventListener("input", draw);
    form.addEventListener("reset", () => setTimeout(draw));
    draw();
  }
})();
