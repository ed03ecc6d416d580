// The page of `lookalike serve`: asks the server about a picture, and lets a person turn, crop and cut it out.

const WHOLE = { left: 0, top: 0, right: 1, bottom: 1 };
const SMALLEST_CROP = 0.02; // of an edge
const MOST_STEPS_BACK = 50;
const [GARMENT, MARKED] = [1, 2]; // bits of a pixel of the mask

const by = (id) => document.getElementById(id);
const asked = { picture: null, turn: 0, crop: WHOLE }; // the question, without a mended mask
let bitmap = null; // of the whole picture, as the server shows it
let mask = null; // of the picture that the recipes take: { width, height, pixels, picture, undo, cursor }
let waiting = null; // aborts the question that is on its way
let stream = null; // of the camera

// The server

async function post(address, question) {
  waiting?.abort();
  const mine = (waiting = new AbortController());
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(question),
    signal: mine.signal,
  });
  if (!response.ok) {
    const said = await response.json().catch(() => ({}));
    throw new Error(said.error ?? `the server answers with status ${response.status}`);
  }
  return response;
}

// Returns whether the work was done; what a later question takes over is neither done nor an error.
async function attempt(doing, work) {
  by("status").textContent = doing;
  by("error").hidden = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await work();
    by("status").textContent = "";
  } catch (error) {
    if (error.name === "AbortError") return false;
    by("status").textContent = "";
    by("error").textContent = `${error.message}.`;
    by("error").hidden = false;
  }
  document.body.setAttribute("aria-busy", "false");
  return by("error").hidden;
}

const ask = (mended = null) =>
  attempt("Asking the models …", async () => {
    const response = await post("answer", { ...asked, mask: mended });
    by("answer").innerHTML = await response.text();
    by("headline").replaceChildren(by("answer").querySelector(".answer")); // above the editor, where it is seen
    showStrength(by("answer").querySelector(".strength"));
    await takeMask(by("editable"), mended);
  });

// The picture

async function open(file) {
  closeCamera();
  const read = await attempt("Reading the picture …", async () => {
    const limit = Number(document.body.dataset.maxBytes);
    if (file.size > limit) throw new Error(`larger than ${limit / 1e6} MB; save it smaller`);
    const picture = await asBase64(file);
    const response = await post("preview", { picture });
    bitmap = await createImageBitmap(await response.blob());
    Object.assign(asked, { picture, turn: 0, crop: WHOLE });
    by("answer").replaceChildren();
    by("headline").replaceChildren();
    by("editor").hidden = false;
    drawPhoto();
  });
  if (read) await ask();
}

function asBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("the file cannot be read"));
    reader.readAsDataURL(file);
  });
}

function drawPhoto() {
  const canvas = by("photo");
  const sideways = asked.turn % 2 === 1;
  canvas.width = sideways ? bitmap.height : bitmap.width;
  canvas.height = sideways ? bitmap.width : bitmap.height;
  const draw = canvas.getContext("2d");
  draw.save();
  draw.translate(canvas.width / 2, canvas.height / 2);
  draw.rotate((asked.turn * Math.PI) / 2);
  draw.drawImage(bitmap, -bitmap.width / 2, -bitmap.height / 2);
  draw.restore();
  const { left, top, right, bottom } = asked.crop;
  const outside = new Path2D();
  outside.rect(0, 0, canvas.width, canvas.height);
  outside.rect(left * canvas.width, top * canvas.height, (right - left) * canvas.width, (bottom - top) * canvas.height);
  draw.fillStyle = "rgb(0 0 0 / 65%)";
  draw.fill(outside, "evenodd");
  for (const name of Object.keys(WHOLE)) edge(name).value = 100 * asked.crop[name];
}

const edge = (name) => document.querySelector(`input[name="${name}"]`);

function turn(quarters) {
  asked.turn = (asked.turn + quarters + 4) % 4;
  asked.crop = WHOLE;
  drawPhoto();
  ask();
}

function cropTo(crop) {
  asked.crop = crop;
  drawPhoto();
}

const shareOf = (event) => {
  const box = event.currentTarget.getBoundingClientRect();
  const within = (value) => Math.min(1, Math.max(0, value));
  return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
};

// What begins at the pointer's going down and ends at its going up; `move` has both places, as shares of the canvas.
function onDrag(canvas, begin, move, end) {
  let start = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    start = shareOf(event);
    begin(start);
  });
  canvas.addEventListener("pointermove", (event) => start && move(start, shareOf(event)));
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, () => {
      if (start) end();
      start = null;
    });
  }
}

let cropBefore = WHOLE;
onDrag(
  by("photo"),
  () => (cropBefore = asked.crop),
  ([x, y], [toX, toY]) =>
    cropTo({ left: Math.min(x, toX), top: Math.min(y, toY), right: Math.max(x, toX), bottom: Math.max(y, toY) }),
  () => {
    const { left, top, right, bottom } = asked.crop;
    if (right - left < SMALLEST_CROP || bottom - top < SMALLEST_CROP) cropTo(cropBefore); // a click
    else if (asked.crop !== cropBefore) ask();
  },
);

for (const name of Object.keys(WHOLE)) {
  edge(name).addEventListener("input", () => {
    const crop = { ...asked.crop, [name]: edge(name).value / 100 };
    if (crop.right - crop.left >= SMALLEST_CROP && crop.bottom - crop.top >= SMALLEST_CROP) cropTo(crop);
    else drawPhoto(); // the edge stays where it was
  });
  edge(name).addEventListener("change", () => ask());
}

// The mask

async function takeMask(editable, mended) {
  by("mending").hidden = editable === null;
  if (editable === null) return (mask = null);
  const [picture, found] = await Promise.all([editable.dataset.picture, editable.dataset.mask].map(pixelsOf));
  const { width, height } = picture;
  const pixels = Uint8Array.from({ length: width * height }, (_, k) => (found.data[4 * k] > 127 ? GARMENT : 0));
  if (mended && mask) mask.pixels.forEach((value, k) => (pixels[k] |= value & MARKED));
  const same = mended && mask;
  const middle = [Math.floor(width / 2), Math.floor(height / 2)];
  mask = { width, height, pixels, picture, undo: same ? mask.undo : [], cursor: same ? mask.cursor : middle };
  drawMask();
}

async function pixelsOf(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const draw = canvas.getContext("2d");
  draw.drawImage(image, 0, 0);
  return draw.getImageData(0, 0, image.width, image.height);
}

function drawMask() {
  const canvas = by("mask");
  [canvas.width, canvas.height] = [mask.width, mask.height];
  const draw = canvas.getContext("2d");
  const shown = new ImageData(new Uint8ClampedArray(mask.picture.data), mask.width, mask.height);
  mask.pixels.forEach((value, k) => {
    if (value & GARMENT) return;
    for (const [channel, blue] of [0, 60, 120].entries()) {
      shown.data[4 * k + channel] = Math.floor(shown.data[4 * k + channel] / 3) + blue;
    }
  });
  draw.putImageData(shown, 0, 0);
  by("undo").disabled = mask.undo.length === 0;
  if (document.activeElement !== canvas) return;
  draw.strokeStyle = "white";
  draw.beginPath();
  draw.arc(mask.cursor[0] + 0.5, mask.cursor[1] + 0.5, radius(), 0, 2 * Math.PI);
  draw.stroke();
}

const radius = () => Number(by("size").value);

function remember() {
  mask.undo.push(mask.pixels.slice());
  if (mask.undo.length > MOST_STEPS_BACK) mask.undo.shift();
}

function paint([x, y]) {
  const value = MARKED | (document.querySelector('input[name="brush"]:checked').value === "1" ? GARMENT : 0);
  const reach = radius();
  for (let row = Math.max(0, y - reach); row <= Math.min(mask.height - 1, y + reach); row++) {
    for (let column = Math.max(0, x - reach); column <= Math.min(mask.width - 1, x + reach); column++) {
      if ((row - y) ** 2 + (column - x) ** 2 <= reach ** 2) mask.pixels[row * mask.width + column] = value;
    }
  }
  mask.cursor = [x, y];
}

function paintLine([fromX, fromY], [x, y]) {
  const steps = Math.max(1, Math.abs(x - fromX), Math.abs(y - fromY));
  for (let k = 1; k <= steps; k++) {
    paint([Math.round(fromX + ((x - fromX) * k) / steps), Math.round(fromY + ((y - fromY) * k) / steps)]);
  }
  drawMask();
}

const pixelAt = ([x, y]) => [
  Math.min(mask.width - 1, Math.floor(x * mask.width)),
  Math.min(mask.height - 1, Math.floor(y * mask.height)),
];

onDrag(
  by("mask"),
  (start) => {
    remember();
    paintLine(pixelAt(start), pixelAt(start));
  },
  (_, here) => paintLine(mask.cursor, pixelAt(here)),
  () => {},
);

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
by("mask").addEventListener("keydown", (event) => {
  if (event.key === " ") {
    remember();
    paint(mask.cursor);
  } else if (event.key in ARROWS) {
    const step = event.shiftKey ? 1 : radius();
    const [x, y] = mask.cursor.map((value, axis) => value + step * ARROWS[event.key][axis]);
    mask.cursor = [Math.min(mask.width - 1, Math.max(0, x)), Math.min(mask.height - 1, Math.max(0, y))];
  } else return;
  event.preventDefault();
  drawMask();
});
for (const kind of ["focus", "blur"]) by("mask").addEventListener(kind, () => mask && drawMask());
by("size").addEventListener("input", drawMask);

function askWithMask(cut) {
  const pixels = btoa(mask.pixels.reduce((text, value) => text + String.fromCharCode(value), ""));
  ask({ width: mask.width, height: mask.height, pixels, cut });
}

function undo() {
  mask.pixels = mask.undo.pop();
  drawMask();
}

// The camera

async function openCamera() {
  await attempt("", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch (error) {
      throw new Error(`the camera cannot be used (${error.message})`);
    }
    by("video").srcObject = stream;
    by("viewfinder").hidden = false;
    by("take").disabled = true; // until there is something to be seen
    await by("video").play();
    by("take").disabled = false;
  });
}

function closeCamera() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = by("video").srcObject = null;
  by("viewfinder").hidden = true;
}

function takePicture() {
  const canvas = new OffscreenCanvas(by("video").videoWidth, by("video").videoHeight);
  canvas.getContext("2d").drawImage(by("video"), 0, 0);
  canvas.convertToBlob({ type: "image/png" }).then(open);
}

// The events

const showStrength = (slider) => slider && document.documentElement.style.setProperty("--strength", slider.value);
const onClick = (id, work) => by(id).addEventListener("click", work);

by("file").addEventListener("change", () => {
  if (by("file").files.length) open(by("file").files[0]);
  by("file").value = ""; // so that the same file can be chosen again
});
onClick("camera", openCamera);
onClick("take", takePicture);
onClick("stop", closeCamera);
onClick("left", () => turn(-1));
onClick("right", () => turn(1));
onClick("whole", () => {
  cropTo(WHOLE);
  ask();
});
onClick("use", () => askWithMask(false));
onClick("cut", () => askWithMask(true));
onClick("undo", undo);
onClick("automatic", () => ask());
by("answer").addEventListener("input", (event) => event.target.matches(".strength") && showStrength(event.target));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
for (const kind of ["dragleave", "drop"]) {
  document.addEventListener(kind, () => document.body.classList.remove("dropping"));
}
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) open(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) open(event.clipboardData.files[0]);
});
