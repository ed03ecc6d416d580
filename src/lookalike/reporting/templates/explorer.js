// The explorer: choose images by what two models say of them, and look at one. What is chosen stands in the address.
(() => {
  const app = document.getElementById("explorer-app");
  if (!app || !explorerData.titles.length) return;
  const form = document.getElementById("explorer-form");
  const { element, drawItem, drawMap, drawBars, drawTsne } = explorerDraw;
  const { SIDES } = explorerAsk;
  const PAGE = 24, NEAREST = 8, MARK = "study=";
  const NAMES = [...form.elements].map(({ name }) => name).filter(Boolean); // of the controls, and in the address
  const one = (selector, within = app) => within.querySelector(selector);
  const all = (selector, within = app) => [...within.querySelectorAll(selector)];
  const control = (name) => form.elements[name];
  const chosen = (name) => control(name).value;
  const inWords = (number) => number.toLocaleString("en");

  const choices = () => Object.fromEntries(NAMES.map((name) => [name, chosen(name)]));
  const methods = { a: "", b: "" }; // the maps that were asked for; not every image has them

  let study, models, matches = [], page = 0, current = 0, latest = 0, touched = false;

  const recipe = () => chosen("recipe");
  const label = (item) => study.label(item);
  const said = (side, item) => models[side].said(item, recipe());
  const isRight = (side, item) => said(side, item) === label(item);

  // ---- the form

  function option(value, text) {
    const made = element("option", text);
    made.value = value;
    return made;
  }

  // Fill a select; an option that is not there any more gives way to `otherwise`, or else to the first.
  function offer(name, entries, value, otherwise) {
    const select = control(name);
    select.replaceChildren(...entries.map((entry) => option(...entry)));
    if (name === "true") select.append(...groupsOffered());
    select.value = value ?? "";
    if (select.selectedIndex < 0 || !value) select.value = otherwise ?? "";
    if (select.selectedIndex < 0) select.selectedIndex = 0;
    select.closest("label").hidden = entries.length < 2;
  }

  function groupsOffered() {
    const groups = explorerAsk.groups(study), grouped = element("optgroup");
    grouped.label = "look-alikes";
    grouped.append(...groups.map((entry) => option(...entry)));
    return groups.length ? [grouped] : [];
  }

  function offerAll(state) {
    const otherwise = { study: study.name, a: models.a.name, b: models.b.name, recipe: study.photographs?.chosen };
    const taken = { ...state, a: models.a.name, b: models.b.name }; // a pack may be missing
    for (const [name, entries] of Object.entries(explorerAsk.options(study, models))) offer(name, entries, taken[name], otherwise[name]);
    for (const side of SIDES) {
      one(`[data-says="${side}"]`).textContent = `${models[side].name} says`;
      one(`[data-ask="surest-${side}"]`).textContent = `surest mistakes of ${models[side].name}`;
      methods[side] = state[`map${side}`] ?? "";
      offerMethods(side);
    }
  }

  function offerMethods(side) {
    const there = models[side].methodsFor(current);
    offer(`map${side}`, there.length ? there.map((name) => [name, name]) : [["", "none"]], methods[side], models[side].maps?.shown);
  }

  // ---- thumbnails

  function nameOf(item) {
    const wrong = SIDES.filter((side) => label(item) >= 0 && said(side, item) >= 0 && !isRight(side, item)).map((side) => models[side].name);
    return `${study.nameOf(item)}, ${study.className(label(item))}${wrong.length ? `, wrong by ${wrong.join(" and ")}` : ""}`;
  }

  function thumb(item) {
    const marks = label(item) >= 0 && SIDES.every((side) => said(side, item) >= 0) && SIDES.map((side) => isRight(side, item));
    const button = explorerDraw.thumb(study, item, recipe(), nameOf(item), marks);
    button.addEventListener("click", () => select(item));
    return button;
  }

  function drawThumbs() {
    const shown = matches.slice(page * PAGE, (page + 1) * PAGE);
    one(".thumbs").replaceChildren(...shown.map((item) => thumb(item)));
    markCurrent();
    const range = matches.length > PAGE ? `, ${inWords(page * PAGE + 1)} to ${inWords(page * PAGE + shown.length)} shown` : "";
    one(".found").textContent = `${inWords(matches.length)} of ${inWords(study.items.length)} images${range}.`;
    one('[data-step="-1"]').disabled = page === 0;
    one('[data-step="1"]').disabled = (page + 1) * PAGE >= matches.length;
    for (const button of all("[data-move]")) button.disabled = matches.length < 2;
  }

  // One thumbnail can be reached with the tab key; arrow keys go on from there.
  function markCurrent() {
    const place = matches.indexOf(current) - page * PAGE;
    const buttons = all(".thumbs button");
    buttons.forEach((button, k) => {
      button.tabIndex = k === (buttons[place] ? place : 0) ? 0 : -1;
      if (k === place) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
    });
  }

  function select(item, focus = false) {
    const neighbours = document.activeElement.closest(".neighbours");
    touched = true;
    current = item;
    const place = matches.indexOf(item), holding = Math.floor(place / PAGE);
    if (place >= 0 && holding !== page) {
      page = holding;
      drawThumbs();
    } else markCurrent();
    if (focus) one('.thumbs [aria-current="true"]').focus();
    drawShown();
    neighbours?.querySelector("button")?.focus();
    writeAddress();
  }

  function walk(event) {
    const buttons = all(".thumbs button"), at = buttons.indexOf(document.activeElement);
    const across = buttons.filter((button) => button.offsetTop === buttons[0].offsetTop).length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -Infinity, End: Infinity };
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const place = Math.min(Math.max(page * PAGE + at + steps[event.key], 0), matches.length - 1);
    select(matches[place], true);
  }

  // ---- one image

  function drawShown() {
    const name = `${study.nameOf(current)}: ${study.className(label(current))}`;
    one(".title").textContent = name + (matches.includes(current) ? "" : " (not among the images found)");
    one(".picture").setAttribute("aria-label", name);
    drawItem(one(".picture"), study, current, recipe());
    const apart = explorerAsk.divergence(models, current, recipe());
    one(".apart").textContent = Number.isNaN(apart) ? "" : `The two answers differ by ${apart.toPrecision(3)} bits (0: the same; 1: nothing in common).`;
    drawPhotograph();
    for (const box of all(".side")) drawSide(box, box.dataset.side, name);
    drawKept();
  }

  function drawSide(box, side, name) {
    const model = models[side], top = said(side, current), shares = model.shares(current, recipe());
    one(".swatch", box).style.background = model.color;
    one(".name", box).textContent = model.name;
    one(".answer", box).textContent = answer(top, shares);
    one(".answer", box).className = `answer ${top < 0 || label(current) < 0 ? "" : isRight(side, current) ? "right" : "wrong"}`;
    drawBars(one(".bars", box), study, shares, top, label(current));
    offerMethods(side);
    drawExplanation(box, side, name);
    drawContrast(one(".contrast", box), side, shares);
    drawNeighbours(box, model);
  }

  function answer(top, shares) {
    if (top < 0) return "This model was not shown photographs.";
    const verdict = label(current) < 0 ? "none of the classes is right" : top === label(current) ? "✓ right" : `✕ wrong, is ${study.className(label(current))}`;
    return `${study.classes[top]} (${(100 * shares[top]).toFixed(1)} %): ${verdict}`;
  }

  function drawExplanation(box, side, name) {
    const model = models[side], method = chosen(`map${side}`), map = model.map(current, method, recipe());
    const canvas = one(".mapped .map", box);
    one(".mapped", box).hidden = !map;
    one(".gain", box).textContent = map ? map.gain : whyNoMap(model);
    if (!map) return;
    drawItem(one(".mapped .base", box), study, current, recipe());
    drawMap(canvas, map.raster, map.place);
    canvas.setAttribute("aria-label", `${name}, with the ${method} map of ${model.name}`);
  }

  function whyNoMap(model) {
    if (!model.maps) return "No map: this model was not explained in this run.";
    if (!study.isPhotograph(current)) return `No map: ${inWords(model.maps.images.length)} test images were explained, not this one.`;
    const { photographs } = model.maps;
    return photographs ? `No map: photographs were explained as the recipe ${photographs.recipe} prepares them.` : "No map: photographs were not explained.";
  }

  // Why the true class and not the likeliest other one of which there is a map.
  function drawContrast(box, side, shares) {
    const ours = label(current), others = shares.map((_, k) => k).filter((k) => k !== ours).sort((x, y) => shares[y] - shares[x]);
    const found = ours < 0 ? null : others.reduce((map, other) => map ?? models[side].contrastOf(current, ours, other), null);
    box.hidden = !found;
    if (!found) return;
    const [name, other] = [found.label, found.other].map((k) => study.classes[k]);
    const base = one(".base", box), canvas = one(".map", box);
    if (found.mean) explorerDraw.clear(base); else drawItem(base, study, current, recipe());
    drawMap(canvas, found.raster, found.place);
    one(".why", box).textContent = `Why ${name}, not ${other}?`;
    one(".note", box).textContent = `Green speaks for ${name}, purple for ${other}. `
      + (found.mean ? `Mean over test images of ${name}, not a map of this image.` : "Map of this image.");
    canvas.setAttribute("aria-label", `Why ${name}, not ${other}`);
  }

  async function drawPhotograph() {
    const box = one(".photograph"), item = current;
    box.hidden = !study.isPhotograph(item);
    if (box.hidden) return;
    const [original, steps] = [one(".original", box), one(".steps canvas", box)];
    explorerDraw.clear(original);
    const drawn = await explorerDraw.drawSteps(original, steps, study, item, recipe());
    if (drawn === undefined || item !== current) return;
    const kept = drawn && study.photographs.steps.original;
    original.hidden = !kept;
    original.setAttribute("aria-label", `The original of ${study.nameOf(item)}`);
    steps.setAttribute("aria-label", `${study.nameOf(item)} after each step of the recipe ${recipe()}`);
    one(".steps", box).hidden = !drawn;
    one(".note", box).textContent = kept ? "" : "The original is not kept here.";
    one(".recipes", box).replaceChildren(...(drawn ? [] : study.photographs.recipes.map((name) => prepared(item, name))));
  }

  // A photograph as one of the recipes prepares it.
  function prepared(item, name) {
    const figure = element("figure"), canvas = element("canvas");
    canvas.width = canvas.height = study.sheet.size;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${study.nameOf(item)} by the recipe ${name}`);
    drawItem(canvas, study, item, name);
    figure.append(canvas, element("figcaption", name));
    return figure;
  }

  function drawNeighbours(box, model) {
    const { points } = model, here = points.find((point) => point.item === current);
    const list = one(".neighbours", box), canvas = one(".tsne", box);
    const away = (point) => Math.hypot(point.x - here.x, point.y - here.y);
    const near = here ? points.filter((point) => point !== here).sort((p, q) => away(p) - away(q)).slice(0, NEAREST) : [];
    one(".located", box).hidden = !points.length;
    list.setAttribute("aria-label", `Nearest by ${model.name}`);
    list.replaceChildren(...(here ? near.map(({ item }) => thumb(item)) : [element("p", whyNotLocated(model), "note")]));
    if (!points.length) return;
    drawTsne(canvas, study, points, current, near);
    canvas.setAttribute("aria-label", `t-SNE map of ${model.name}${here ? " with this image ringed" : ""}`);
  }

  function whyNotLocated({ points }) {
    if (!points.length) return "None: this model's features were not embedded.";
    return study.isPhotograph(current) ? "None: photographs are not on the map." : `None: ${inWords(points.length)} test images are on the map, not this one.`;
  }

  // What this page does not hold, once for all images.
  function drawKept() {
    const { photographs, tests, total, shown, sprites } = study, said = [];
    const held = photographs?.names.length ?? 0;
    if (tests < total) said.push(`Of ${inWords(total)} test images the explorer holds the ${inWords(tests)} that the report shows.`);
    else if (!sprites && shown.length < total) said.push(`The pictures of ${inWords(shown.length)} of ${inWords(total)} test images are kept with this report; the others are tiles with their number.`);
    if (held && held < photographs.total) said.push(`Of ${inWords(photographs.total)} photographs the explorer holds ${inWords(held)}.`);
    if (explorerData.missing.size) said.push(`Not beside this page: ${[...explorerData.missing][0]}${explorerData.missing.size > 1 ? " and other files of its folder explorer" : ""}; what they hold is left out.`);
    one(".kept").textContent = said.join(" ");
  }

  // ---- the address

  function stateOf() {
    const state = { study: study.name, image: study.keyOf(current) };
    for (const name of NAMES) if (chosen(name) && name !== "study" && !isDefault(name)) state[name] = chosen(name);
    return state;
  }

  function isDefault(name) {
    if (name === "recipe") return !study.photographs || chosen(name) === study.photographs.chosen;
    return name.startsWith("map") && chosen(name) === (models[name.slice(3)].maps?.shown ?? "");
  }

  const hash = () => `#${new URLSearchParams(stateOf())}`;
  function writeAddress() {
    if (touched) history.replaceState(null, "", hash());
  }

  const asked = () => (location.hash.includes(MARK) ? Object.fromEntries(new URLSearchParams(location.hash.slice(1))) : null);

  async function copyLink() {
    const link = location.href.split("#")[0] + hash();
    const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
    one(".found").textContent = copied ? "The link is copied." : `The link: ${link}`;
  }

  // ---- from a state to what is shown

  // The variants that a state names, or those that the study opens with; these too in place of one whose pack is missing.
  async function modelsOf(of, state) {
    const known = (name) => of.variants.some((variant) => variant.name === name);
    const names = SIDES.map((side, k) => (known(state[side]) ? state[side] : of.both[k]));
    if (!known(state.b) && names[1] === names[0]) names[1] = of.both.find((name) => name !== names[0]) ?? names[0];
    const [a, b] = await Promise.all(names.map((name, k) => explorerData.variant(of, name).catch(() => explorerData.variant(of, of.both[k]))));
    return { a, b };
  }

  async function show(state) {
    const ticket = latest += 1;
    app.setAttribute("aria-busy", "true");
    const nextStudy = await explorerData.study(state.study);
    const nextModels = await modelsOf(nextStudy, state);
    if (ticket !== latest) return; // something else was asked for meanwhile
    [study, models] = [nextStudy, nextModels];
    const named = study.find(state.image);
    current = Math.max(0, named);
    offerAll(state);
    matches = explorerAsk.search(study, models, choices());
    const opening = explorerAsk.FILTERS.some(chosen) ? undefined : explorerAsk.disagreement(study, models);
    if (named < 0 || (state.keep && !matches.includes(current))) current = opening ?? matches[0] ?? current;
    page = Math.max(0, Math.floor(matches.indexOf(current) / PAGE));
    app.hidden = false;
    one(".shown").hidden = !matches.length && named < 0;
    drawThumbs();
    drawShown();
    writeAddress();
    app.setAttribute("aria-busy", "false");
    app.dataset.ready = "true";
  }

  // Show what is asked for next to what is chosen already: another question from its first image on, what other models
  // say of the same image if it still fits.
  function change(asks) {
    touched = true;
    const asking = explorerAsk.FILTERS.some((name) => name in asks);
    const image = asking || asks.study ? "" : study.keyOf(current);
    const state = asks.study ? {} : { ...choices(), mapa: methods.a, mapb: methods.b };
    return show({ ...state, image, keep: true, ...asks });
  }

  async function follow() {
    const state = asked();
    if (!state) return;
    touched = true;
    await show(state);
    (document.getElementById("explorer") ?? app).scrollIntoView();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  for (const name of NAMES) {
    control(name).addEventListener("change", () => {
      if (!name.startsWith("map")) return change({ [name]: chosen(name) });
      methods[name.slice(3)] = chosen(name);
      return select(current);
    });
  }
  for (const button of all("[data-ask]")) button.addEventListener("click", () => change(explorerAsk.READY[button.dataset.ask]));
  for (const button of all("[data-step]")) {
    button.addEventListener("click", () => { page += Number(button.dataset.step); drawThumbs(); });
  }
  for (const button of all("[data-move]")) {
    button.addEventListener("click", () => {
      const place = matches.indexOf(current) + Number(button.dataset.move);
      select(matches[(place + matches.length) % matches.length]);
    });
  }
  for (const box of all(".side")) {
    one(".tsne", box).addEventListener("click", (event) => {
      const item = explorerDraw.clicked(event.currentTarget, models[box.dataset.side].points, event);
      if (item !== undefined) select(item);
    });
  }
  one(".thumbs").addEventListener("keydown", walk);
  one(".copy").addEventListener("click", copyLink);
  one('[name="opacity"]').addEventListener("input", (event) => app.style.setProperty("--opacity", event.target.value / 100));
  document.addEventListener("explorer-missing", () => study && drawKept());
  new MutationObserver(() => study && models && drawShown()).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  addEventListener("hashchange", follow);
  if (asked()) follow(); else show({});
})();
