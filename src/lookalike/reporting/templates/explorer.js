// The explorer: one image at a time with what two models say of it. Its data stand in the page as JSON, arrays in base64.
(() => {
  const app = document.getElementById("explorer-app");
  if (!app) return;
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const form = app.querySelector("form");
  const PAGE = 24, NEAREST = 8;
  const SIDES = ["first", "second"];
  let study, sheet, matches = [], page = 0, current = 0;

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const floats = (text) => new Float32Array(bytes(text));
  const control = (name) => form.elements[name];
  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  function unpack(raw) {
    const classes = raw.classes.length;
    const variants = {};
    for (const [name, variant] of Object.entries(raw.variants)) {
      const all = floats(variant.probabilities);
      variants[name] = {
        probabilities: raw.labels.map((_, k) => all.subarray(k * classes, (k + 1) * classes)),
        maps: variant.maps && { ...variant.maps, values: new Int8Array(bytes(variant.maps.values)) },
        tsne: variant.tsne && floats(variant.tsne),
      };
    }
    return { ...raw, variants };
  }

  const shares = (side, item) => study.variants[control(side).value].probabilities[item];
  const best = (values) => values.reduce((top, value, k) => (value > values[top] ? k : top), 0);
  const predicted = (side, item) => best(shares(side, item));
  const isTest = (item) => item < study.testImages;
  const className = (label) => (label < 0 ? "none of the classes" : study.classes[label]);

  // Jensen-Shannon divergence in bits: 0 for the same distribution, 1 for two that share nothing.
  function divergence(item) {
    const [p, q] = SIDES.map((side) => shares(side, item));
    let sum = 0;
    p.forEach((share, k) => {
      const middle = (share + q[k]) / 2;
      if (share > 0) sum += share * Math.log2(share / middle) / 2;
      if (q[k] > 0) sum += q[k] * Math.log2(q[k] / middle) / 2;
    });
    return Math.max(0, sum);
  }

  const surest = (item) => Math.max(...SIDES.map((side) => Math.max(...shares(side, item))));

  function holds(item) {
    const label = study.labels[item];
    const [one, other] = SIDES.map((side) => predicted(side, item));
    const [first, second] = [one === label, other === label];
    const wanted = (name) => control(name).value;
    const right = { both: first && second, neither: !first && !second, first: first && !second, second: second && !first };
    return (!wanted("kind") || (wanted("kind") === "test") === isTest(item))
      && (!wanted("class") || Number(wanted("class")) === label)
      && (!wanted("group") || (label >= 0 && Number(wanted("group")) === study.groupOf[label]))
      && (!wanted("right") || (label >= 0 && right[wanted("right")]))
      && (!wanted("agree") || (wanted("agree") === "yes") === (one === other));
  }

  function search() {
    matches = study.labels.map((_, item) => item).filter(holds);
    if (control("order").value === "different") {
      const apart = new Map(matches.map((item) => [item, divergence(item)]));
      matches.sort((a, b) => apart.get(b) - apart.get(a));
    } else if (control("order").value === "unsure") {
      matches.sort((a, b) => surest(a) - surest(b));
    }
    page = 0;
    if (!matches.includes(current) && matches.length) current = matches[0];
    draw();
  }

  function drawItem(canvas, item) {
    const { size, columns } = data.sheets[study.data];
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(sheet, (item % columns) * size, Math.floor(item / columns) * size, size, size, 0, 0, canvas.width, canvas.height);
  }

  function thumb(item, name, className) {
    const button = element("button", undefined, className);
    button.type = "button";
    button.title = name;
    button.setAttribute("aria-label", name);
    const canvas = element("canvas");
    canvas.width = canvas.height = data.sheets[study.data].size;
    drawItem(canvas, item);
    button.append(canvas);
    button.addEventListener("click", () => { current = item; draw(); });
    return button;
  }

  function drawThumbs() {
    const shown = matches.slice(page * PAGE, (page + 1) * PAGE);
    app.querySelector(".thumbs").replaceChildren(...shown.map((item) => {
      const label = study.labels[item];
      const wrong = SIDES.filter((side) => label >= 0 && predicted(side, item) !== label).map((side) => control(side).value);
      const name = `${study.names[item]}, ${className(label)}${wrong.length ? `, wrong by ${wrong.join(" and ")}` : ""}`;
      const button = thumb(item, name, wrong.length ? "wrong" : "");
      if (item === current) button.setAttribute("aria-current", "true");
      return button;
    }));
    const from = matches.length ? page * PAGE + 1 : 0;
    app.querySelector(".found").textContent = `${matches.length} of ${study.labels.length} images`
      + (matches.length > PAGE ? `, ${from} to ${from + shown.length - 1} shown` : "")
      + (matches.length ? ". Dashed: at least one model is wrong." : ".");
    app.querySelector('[data-step="-1"]').disabled = page === 0;
    app.querySelector('[data-step="1"]').disabled = (page + 1) * PAGE >= matches.length;
  }

  // Orange speaks for the answer, purple against it; each map in units of its own largest value.
  function drawMap(canvas, maps, item, opacity) {
    drawItem(canvas, item);
    if (!maps) return;
    const context = canvas.getContext("2d");
    const [width, height] = [canvas.width / maps.columns, canvas.height / maps.rows];
    for (let row = 0; row < maps.rows; row += 1) {
      for (let column = 0; column < maps.columns; column += 1) {
        const value = maps.values[(item * maps.rows + row) * maps.columns + column] / 100;
        context.fillStyle = `rgb(${value > 0 ? "230 97 1" : "94 60 153"} / ${Math.abs(value) * opacity})`;
        context.fillRect(column * width, row * height, width, height);
      }
    }
  }

  function drawBars(table, side, item) {
    const values = shares(side, item), label = study.labels[item], top = best(values);
    table.caption.textContent = `${control(side).value}: ${study.classes[top]}, `
      + (label < 0 ? "none of the classes is right" : top === label ? "right" : `wrong, is ${study.classes[label]}`);
    table.tBodies[0].replaceChildren(...study.classes.map((name, k) => {
      const row = element("tr");
      row.className = [k === label && "true", k === top && "predicted", k === top && k !== label && "false"].filter(Boolean).join(" ");
      const header = element("th", name);
      header.scope = "row";
      const bar = element("td", undefined, "bar"), fill = element("span");
      fill.style.width = `${(100 * values[k]).toFixed(1)}%`;
      bar.append(fill);
      row.append(header, element("td", (100 * values[k]).toFixed(1)), bar);
      return row;
    }));
  }

  function nearest(tsne, item) {
    const [x, y] = [tsne[2 * item], tsne[2 * item + 1]];
    const distance = (other) => Math.hypot(tsne[2 * other] - x, tsne[2 * other + 1] - y);
    return Array.from({ length: study.testImages }, (_, other) => other)
      .filter((other) => other !== item && Number.isFinite(tsne[2 * other]))
      .sort((a, b) => distance(a) - distance(b)).slice(0, NEAREST);
  }

  function drawTsne(canvas, tsne, item, near) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    const known = tsne.filter(Number.isFinite);
    const [low, high] = known.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
    const place = (k) => [0, 1].map((axis) => 8 + (canvas.width - 16) * (tsne[2 * k + axis] - low) / (high - low));
    const dot = (k, colour, radius) => {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(...place(k), radius, 0, 2 * Math.PI);
      context.fill();
    };
    for (let k = 0; k < study.testImages; k += 1) if (study.labels[k] !== study.labels[item]) dot(k, "#b5b5b5", 2);
    for (let k = 0; k < study.testImages; k += 1) if (study.labels[k] === study.labels[item]) dot(k, "#0072b2", 2.5);
    near.forEach((k) => dot(k, "#e69f00", 3));
    context.lineWidth = 2;
    context.beginPath();
    context.arc(...place(item), 6, 0, 2 * Math.PI);
    context.stroke();
  }

  function drawNeighbours(box, side, item) {
    const tsne = study.variants[control(side).value].tsne;
    const parts = { list: box.querySelector(".neighbours"), map: box.querySelector(".tsne"), legend: box.querySelector(".legend") };
    const there = tsne && isTest(item) && Number.isFinite(tsne[2 * item]);
    parts.map.hidden = parts.legend.hidden = !there;
    parts.list.setAttribute("aria-label", `Nearest by ${control(side).value}`);
    if (!there) {
      const why = isTest(item) ? "this model's features were not embedded" : "photographs are not on the map";
      parts.list.replaceChildren(element("p", `None: ${why}.`, "note"));
      return;
    }
    const near = nearest(tsne, item);
    parts.list.replaceChildren(...near.map((other) => thumb(other, `${study.names[other]}, ${className(study.labels[other])}`, study.labels[other] === study.labels[item] ? "" : "other")));
    drawTsne(parts.map, tsne, item, near);
    parts.map.setAttribute("aria-label", `t-SNE map of ${control(side).value} with this image ringed`);
  }

  function drawShown() {
    app.querySelector(".shown").hidden = !matches.length;
    if (!matches.length) return;
    const name = `${study.names[current]}: ${className(study.labels[current])}`;
    app.querySelector(".title").textContent = name;
    drawItem(app.querySelector(".picture"), current);
    app.querySelector(".picture").setAttribute("aria-label", name);
    app.querySelector(".apart").textContent = `The two distributions differ by ${divergence(current).toPrecision(3)} bits.`;
    for (const box of app.querySelectorAll(".side")) {
      const side = box.dataset.side, model = control(side).value, { maps } = study.variants[model];
      box.querySelector("h3").textContent = model;
      drawMap(box.querySelector(".map"), maps, current, app.querySelector('[name="opacity"]').value / 100);
      box.querySelector(".map").setAttribute("aria-label", maps ? `${name}, with the ${maps.method} map of ${model}` : name);
      box.querySelector(".note").textContent = maps ? `${maps.method}, ${maps.score}` : "No map: this model was not explained in this run.";
      drawBars(box.querySelector(".bars"), side, current);
      drawNeighbours(box, side, current);
    }
  }

  function draw() {
    drawThumbs();
    drawShown();
  }

  function options(select, entries) {
    select.replaceChildren(...entries.map(([value, text]) => {
      const option = element("option", text);
      option.value = value;
      return option;
    }));
  }

  function open(index) {
    study = unpack(data.studies[index]);
    const names = Object.keys(study.variants).map((name) => [name, name]);
    SIDES.forEach((side, k) => {
      options(control(side), names);
      control(side).value = study.pairs.length ? study.pairs[0][k] : names[Math.min(k, names.length - 1)][0];
    });
    options(control("class"), [["", "any"], ...study.classes.map((name, k) => [k, name])]);
    options(control("group"), [["", "any"], ...study.groups.map((name, k) => [k, name])]);
    current = 0;
    sheet = new Image();
    sheet.addEventListener("load", () => { app.hidden = false; search(); app.dataset.ready = "true"; });
    sheet.src = data.sheets[study.data].uri;
  }

  options(control("study"), data.studies.map((one, k) => [k, one.title]));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => (event.target.name === "study" ? open(Number(event.target.value)) : search()));
  app.querySelector('[name="opacity"]').addEventListener("input", drawShown);
  for (const button of app.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => { page += Number(button.dataset.step); drawThumbs(); });
  }
  for (const button of app.querySelectorAll("[data-move]")) {
    button.addEventListener("click", () => {
      const place = matches.indexOf(current) + Number(button.dataset.move);
      current = matches[(place + matches.length) % matches.length];
      page = Math.floor(matches.indexOf(current) / PAGE);
      draw();
    });
  }
  if (data.studies.length) open(0);
})();
