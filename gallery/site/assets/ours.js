"use strict";

// "Is this photo really ours?": the picture is looked at here, in the browser, and never sent anywhere.
// The look is that of imagehash's phash: a DCT of 64 by 64 grey pixels, of which the lowest 16 by 16 are kept.
const SIDE = 64;
const KEPT = 16;
const COSINES = Array.from({ length: KEPT }, (_, k) =>
  Float64Array.from({ length: SIDE }, (_, n) => Math.cos((Math.PI * k * (2 * n + 1)) / (2 * SIDE))));

// The whole, and the halves of a collage: (left, top, width, height) as shares.
const AREAS = [[0, 0, 1, 1], [0, 0, 0.5, 1], [0.5, 0, 0.5, 1], [0, 0, 1, 0.5], [0, 0.5, 1, 0.5]];

const greys = (image, [left, top, wide, high]) => {
  const canvas = document.createElement("canvas");
  const fine = 8 * SIDE;
  canvas.width = canvas.height = fine;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, fine, fine);
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  context.drawImage(image, left * width, top * height, wide * width, high * height, 0, 0, fine, fine);
  const { data } = context.getImageData(0, 0, fine, fine);
  const grey = new Float64Array(SIDE * SIDE);
  for (let at = 0, y = 0; y < fine; y++)
    for (let x = 0; x < fine; x++, at += 4)
      grey[(y >> 3) * SIDE + (x >> 3)] += (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 64;
  return grey;
};

const lookOf = (grey, mirrored) => {
  const rows = new Float64Array(SIDE * KEPT);
  for (let y = 0; y < SIDE; y++)
    for (let k = 0; k < KEPT; k++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) sum += grey[y * SIDE + (mirrored ? SIDE - 1 - x : x)] * COSINES[k][x];
      rows[y * KEPT + k] = sum;
    }
  const low = [];
  for (let j = 0; j < KEPT; j++)
    for (let k = 0; k < KEPT; k++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) sum += rows[y * KEPT + k] * COSINES[j][y];
      low.push(sum);
    }
  const sorted = [...low].sort((one, other) => one - other);
  const middle = (sorted[low.length / 2 - 1] + sorted[low.length / 2]) / 2;
  return low.map((value) => value > middle);
};

const bitsOf = (hexadecimal) => [...hexadecimal].flatMap((digit) => [8, 4, 2, 1].map((bit) => (parseInt(digit, 16) & bit) > 0));
const apart = (one, other) => one.reduce((count, bit, at) => count + (bit !== other[at]), 0);

const form = document.querySelector(".ours");
const answer = form.querySelector(".ours-answer");
let own = null; // a new element for each picture: Firefox never settles the second decode() of one
const known = KNOWN.map(([look, page, name, picture]) => ({ bits: look.match(/.{64}/g).map(bitsOf), page, name, picture }));

const say = (words, finds) => {
  const nodes = [Object.assign(document.createElement("p"), { textContent: words })];
  for (const { entry, mirrored } of finds) {
    const link = Object.assign(document.createElement("a"), { href: `../${entry.page}` });
    const note = mirrored ? " (yours is mirrored)" : "";
    link.append(
      Object.assign(document.createElement("img"), { src: `../${entry.picture}`, alt: entry.name }),
      Object.assign(document.createElement("span"), { textContent: `${entry.name}${note}` }),
    );
    nodes.push(link);
  }
  answer.replaceChildren(...nodes);
};

const judge = async (file) => {
  if (own) {
    URL.revokeObjectURL(own.src);
    own.remove();
  }
  const chosen = Object.assign(document.createElement("img"), {
    className: "ours-yours", alt: "The picture that you chose", src: URL.createObjectURL(file),
  });
  own = chosen;
  try {
    await chosen.decode();
  } catch {
    if (own === chosen) say("This file is no picture that your browser can show. Try a JPEG or PNG.", []);
    return;
  }
  if (own !== chosen) return; // another picture was chosen meanwhile
  answer.before(chosen);
  const areas = AREAS.map((area) => greys(chosen, area));
  const looks = [false, true].map((mirrored) => areas.map((grey) => lookOf(grey, mirrored)));
  const near = known
    .map((entry) => {
      const [straight, turned] = looks.map((seen) =>
        Math.min(...seen.flatMap((look) => entry.bits.map((bits) => apart(look, bits)))));
      return { entry, mirrored: turned < straight, bits: Math.min(straight, turned) };
    })
    .filter(({ bits }) => bits <= LIMIT)
    .sort((one, other) => one.bits - other.bits)
    .slice(0, 3);
  if (near.length)
    say("This looks like a photograph of ours. Compare it with the original by eye; if you saw it shown as somebody else's work, please tell us where.", near);
  else
    say("We do not recognise this picture. It may still be ours if it was cut out, drawn over or taken from a larger picture.", []);
};

form.addEventListener("submit", (event) => event.preventDefault());
form.querySelector("input").addEventListener("change", (event) => event.target.files[0] && judge(event.target.files[0]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) judge(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => event.clipboardData.files[0] && judge(event.clipboardData.files[0]));
form.hidden = false;
