// How the explorer draws: images, maps on them, probabilities, and the t-SNE map.
const explorerDraw = (() => {
  const FOR = "27 120 55", AGAINST = "118 42 131"; // as in the figures: green and purple of ColorBrewer's PRGn
  const OTHERS = "#999"; // points of classes that are neither this image's nor alike
  const MOST_BARS = 20;
  const EDGE = 10, REACH = 12; // pixels of the t-SNE map: free at its edge, and from a click to its point
  const drawn = new WeakMap(); // what a canvas is to show, since pictures arrive when they like

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function clear(canvas) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    drawn.set(canvas, null);
    return context;
  }

  // A plain tile with the number of an image whose picture is not there.
  function drawTile(canvas, study, item) {
    const context = clear(canvas);
    const text = study.isPhotograph(item) ? `p${item - study.tests}` : String(study.indices[item]);
    context.fillStyle = "#d9d9d9";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = "#1b1b1b";
    context.font = `${Math.min(canvas.width / 3, (1.5 * canvas.width) / text.length)}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, canvas.width / 2, canvas.height / 2, canvas.width);
  }

  // An image as a recipe prepares it; when the canvas shows it, it says so in `data-drawn`.
  async function drawItem(canvas, study, item, recipe) {
    const source = study.source(item, recipe) ?? {};
    drawn.set(canvas, source);
    delete canvas.dataset.drawn;
    const picture = source.address && await explorerData.picture(source.address);
    if (drawn.get(canvas) !== source) return; // it shows something else by now
    if (picture) drawPart(canvas, picture, source, study.sheet.size); else drawTile(canvas, study, item);
    canvas.dataset.drawn = picture ? "picture" : "tile";
  }

  // One image of a picture of many.
  function drawPart(canvas, picture, { place, columns }, size) {
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, (place % columns) * size, Math.floor(place / columns) * size, size, size, 0, 0, canvas.width, canvas.height);
  }

  // Green speaks for, purple against; each map in units of its own largest value.
  function drawMap(canvas, raster, place) {
    const context = clear(canvas);
    const [width, height] = [canvas.width / raster.columns, canvas.height / raster.rows];
    const start = place * raster.rows * raster.columns;
    for (let k = 0; k < raster.rows * raster.columns; k += 1) {
      const value = raster.values[start + k] / 127;
      context.fillStyle = `rgb(${value > 0 ? FOR : AGAINST} / ${Math.abs(value)})`;
      context.fillRect((k % raster.columns) * width, Math.floor(k / raster.columns) * height, width, height);
    }
  }

  function thumb(study, item, recipe, name, marks) {
    const button = element("button");
    button.type = "button";
    button.title = name;
    button.setAttribute("aria-label", name);
    const canvas = element("canvas");
    canvas.width = canvas.height = study.sheet.size;
    drawItem(canvas, study, item, recipe);
    button.append(canvas);
    if (marks) button.append(markOf(marks));
    return button;
  }

  // Which of the two models are right.
  function markOf(marks) {
    const line = element("span", undefined, "marks");
    line.append(...marks.map((right) => element("span", right ? "✓" : "✕", right ? "right" : "wrong")));
    return line;
  }

  // The classes whose bars are shown: all, or where there are many the most probable and the true one.
  function barsOf(shares, label) {
    const classes = shares.map((_, k) => k);
    if (classes.length <= MOST_BARS) return classes;
    const best = classes.sort((a, b) => shares[b] - shares[a]).slice(0, MOST_BARS);
    return label < 0 || best.includes(label) ? best : [...best, label];
  }

  function drawBars(table, study, shares, said, label) {
    table.hidden = !shares.length;
    table.tBodies[0].replaceChildren(...barsOf(shares, label).map((k) => {
      const kind = k === label ? "true" : k === said ? "false" : study.areAlike(k, label) ? "alike" : "";
      const row = element("tr", undefined, `${kind} ${k === said ? "predicted" : ""}`.trim());
      const header = element("th", study.classes[k]);
      header.scope = "row";
      const bar = element("td", undefined, "share"), fill = element("span");
      fill.style.width = `${(100 * shares[k]).toFixed(1)}%`;
      bar.append(fill);
      row.append(header, element("td", (100 * shares[k]).toFixed(1)), bar);
      return row;
    }));
  }

  // Where points of the t-SNE map lie on its canvas, which becomes as high as they need.
  function placing(canvas, points) {
    const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const scale = (canvas.width - 2 * EDGE) / Math.max(1, Math.max(...xs) - left);
    const height = Math.min(2 * canvas.width, Math.ceil(2 * EDGE + scale * (Math.max(...ys) - top)));
    if (canvas.height !== height) canvas.height = height;
    return ({ x, y }) => [EDGE + scale * (x - left), EDGE + scale * (y - top)];
  }

  function drawTsne(canvas, study, points, item, near) {
    const place = placing(canvas, points), context = clear(canvas), label = study.label(item);
    const ring = (point, radius) => {
      context.beginPath();
      context.arc(...place(point), radius, 0, 2 * Math.PI);
      context.stroke();
    };
    const kinds = [[OTHERS, (k) => k !== label && !study.areAlike(k, label)], [colour("near"), (k) => study.areAlike(k, label)], [colour("right"), (k) => k === label]];
    for (const [fill, holds] of kinds) {
      context.fillStyle = fill;
      for (const point of points.filter((one) => holds(study.label(one.item)))) {
        const [x, y] = place(point);
        context.fillRect(x - 1.5, y - 1.5, 3, 3);
      }
    }
    context.strokeStyle = colour("ink");
    near.forEach((point) => ring(point, 4));
    context.lineWidth = 3;
    points.filter((point) => point.item === item).forEach((point) => ring(point, 8));
    context.lineWidth = 1;
  }

  // The item whose point was clicked; undefined if none is near.
  function clicked(canvas, points, event) {
    const box = canvas.getBoundingClientRect(), place = placing(canvas, points);
    const at = [event.clientX - box.left, event.clientY - box.top].map((pixels) => (pixels * canvas.width) / box.width);
    const away = (point) => Math.hypot(place(point)[0] - at[0], place(point)[1] - at[1]);
    const nearest = points.reduce((best, point) => (away(point) < away(best) ? point : best), points[0]);
    return away(nearest) <= REACH ? nearest.item : undefined;
  }

  // A photograph as it came, and the steps of one recipe; false if they are not there.
  async function drawSteps(original, steps, study, item, recipe) {
    const layout = study.photographs.steps, wanted = {};
    drawn.set(steps, wanted);
    const picture = layout && await explorerData.picture(study.stepsOf(item));
    if (drawn.get(steps) !== wanted) return undefined;
    if (!picture) return false;
    const row = study.photographs.recipes.indexOf(recipe), width = picture.width - layout.left;
    [steps.width, steps.height] = [width, layout.height];
    steps.getContext("2d").drawImage(picture, layout.left, row * layout.height, width, layout.height, 0, 0, width, layout.height);
    if (layout.original) original.getContext("2d").drawImage(picture, 0, 0, layout.original, layout.original, 0, 0, original.width, original.height);
    return true;
  }

  return { element, clear, drawItem, drawMap, thumb, drawBars, drawTsne, clicked, drawSteps };
})();
