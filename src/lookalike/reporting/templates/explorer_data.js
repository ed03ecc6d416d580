// What the explorer knows: studies and packs of variants in the page, and the packs and pictures beside the page.
const explorerData = (() => {
  const FOLDER = "explorer";
  const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i1: Int8Array, i2: Int16Array };
  const WHOLE = 1000; // probabilities are in tenths of a percent
  const page = JSON.parse(document.getElementById("explorer-data")?.textContent ?? '{"studies": [], "packs": {}}');
  const arrivals = new Map(); // what to do with a pack that a script brings, by its key
  const variants = new Map(), pictures = new Map(); // promises, by key and by address
  const missing = new Set(); // files that are not beside the page

  async function inflate({ kind, deflated }) {
    const bytes = Uint8Array.from(atob(deflated), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new ARRAYS[kind](await new Response(stream).arrayBuffer());
  }

  // JSON in which every packed array has become one of numbers.
  async function unpack(value) {
    if (Array.isArray(value) || value === null || typeof value !== "object") return value;
    if (value.deflated) return inflate(value);
    const parts = await Promise.all(Object.values(value).map(unpack));
    return Object.fromEntries(Object.keys(value).map((name, k) => [name, parts[k]]));
  }

  globalThis.lookalikePack = (key, pack) => arrivals.get(key)?.(pack);

  function load(key) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const path = `${FOLDER}/${key}.js`;
      arrivals.set(key, resolve);
      script.addEventListener("error", () => {
        missing.add(path);
        reject(new Error(path));
      });
      script.src = path;
      document.head.append(script);
    });
  }

  // The picture at an address; null if it is not there.
  function picture(address) {
    if (!pictures.has(address)) {
      pictures.set(address, new Promise((resolve) => {
        const image = new Image();
        image.addEventListener("load", () => resolve(image));
        image.addEventListener("error", () => {
          missing.add(address);
          document.dispatchEvent(new Event("explorer-missing"));
          resolve(null);
        });
        image.src = address;
      }));
    }
    return pictures.get(address);
  }

  // The images of a study, "items": T test images, then its photographs.
  class Study {
    constructor(raw) {
      Object.assign(this, raw);
      this.indices = raw.indices ?? Array.from(raw.labels, (_, item) => item);
      this.tests = this.indices.length;
      this.allLabels = [...raw.labels, ...(raw.photographs?.labels ?? [])];
      this.items = this.allLabels.map((_, item) => item);
      this.itemOf = new Map(this.indices.map((index, item) => [index, item]));
      this.placeInSheet = new Map(raw.shown.map((index, place) => [this.itemOf.get(index), place]));
      const counts = new Map();
      this.ranks = [...raw.labels].map((label) => { // within the class
        const rank = counts.get(label) ?? 0;
        counts.set(label, rank + 1);
        return rank;
      });
    }

    isPhotograph(item) { return item >= this.tests; }
    label(item) { return this.allLabels[item]; }
    className(label) { return label < 0 ? "none of the classes" : this.classes[label]; }
    areAlike(one, other) { return one >= 0 && other >= 0 && one !== other && this.groupOf[one] === this.groupOf[other]; }
    nameOf(item) { return this.isPhotograph(item) ? `photograph ${this.photographs.names[item - this.tests]}` : `test image ${this.indices[item]}`; }

    // How an image is called in addresses, and back; -1 if there is none of that name.
    keyOf(item) { return this.isPhotograph(item) ? `photograph-${item - this.tests}` : String(this.indices[item]); }
    find(key) {
      const [, photograph, number] = /^(photograph-)?(\d+)$/.exec(key) ?? [];
      if (number === undefined) return -1;
      if (!photograph) return this.itemOf.get(Number(number)) ?? -1;
      return Number(number) < this.items.length - this.tests ? this.tests + Number(number) : -1;
    }

    // Where an image is to be seen: a picture of many, and its place there; null if its picture was not kept.
    source(item, recipe) {
      const beside = (name, place) => ({ address: `${FOLDER}/${this.name}-${name}.webp`, place, columns: this.columns });
      if (this.isPhotograph(item)) return beside(`photographs-${recipe}`, item - this.tests);
      if (this.placeInSheet.has(item)) return { address: this.sheet.uri, place: this.placeInSheet.get(item), columns: this.sheet.columns };
      return this.sprites ? beside(this.label(item), this.ranks[item]) : null;
    }
    stepsOf(item) { return `${FOLDER}/${this.name}-photograph-${item - this.tests}.webp`; }
  }

  // What one variant says of a study's images; of photographs by a recipe.
  class Variant {
    constructor(name, study, pack) {
      Object.assign(this, pack, { name, study });
      this.color = study.variants.find((one) => one.name === name).color;
      this.mapOf = new Map((pack.maps?.images ?? []).map((index, place) => [index, place]));
      this.points = pack.tsne ? [...pack.tsne.images].map((index, k) => (
        { item: study.itemOf.get(index), x: pack.tsne.positions[2 * k], y: pack.tsne.positions[2 * k + 1] })) : [];
      this.points = this.points.filter((point) => point.item !== undefined);
    }

    // The answers that an item is in, and its place there; null if the variant was not shown photographs.
    among(item, recipe) {
      if (!this.study.isPhotograph(item)) return [this.tests, item];
      return this.photographs ? [this.photographs[recipe], item - this.study.tests] : [null, 0];
    }
    said(item, recipe) {
      const [answers, place] = this.among(item, recipe);
      return answers ? answers.said[place] : -1;
    }
    shares(item, recipe) {
      const [answers, place] = this.among(item, recipe), classes = this.study.classes.length;
      if (!answers) return [];
      const tenths = Array.from(answers.tenths.subarray(place * classes, (place + 1) * classes)), said = answers.said[place];
      const others = tenths.reduce((sum, one, k) => (k === said ? sum : sum + one), 0);
      tenths[said] += WHOLE - others; // the predicted class is packed as what it has more than the others leave
      return tenths.map((one) => one / WHOLE);
    }
    // How sure it is, for sorting: by the tenths of a percent, then by how little it leaves to the other classes.
    sureness(item, recipe) {
      const [answers, place] = this.among(item, recipe);
      return answers ? this.shares(item, recipe)[answers.said[place]] * WHOLE + answers.sure[place] / 256 : -1;
    }

    // The methods that have a map of an item.
    methodsFor(item) {
      if (!this.maps) return [];
      if (this.study.isPhotograph(item)) return this.maps.photographs ? [this.maps.shown] : [];
      const place = this.mapOf.get(this.study.indices[item]);
      return Object.keys(this.maps.methods).filter((method) => place < this.maps.methods[method].count);
    }
    // A map of an item: the raster, its place there, and what its score says; null if there is none.
    map(item, method, recipe) {
      if (!this.methodsFor(item).includes(method)) return null;
      const { gain, ...raster } = this.maps.methods[method];
      if (!this.study.isPhotograph(item)) return { raster, place: this.mapOf.get(this.study.indices[item]), gain };
      const { photographs } = this.maps;
      return recipe === photographs.recipe ? { raster: photographs, place: item - this.study.tests, gain } : null;
    }

    // Why one class and not the other: a map of this image, else the mean over images of `label`; null if there is none.
    contrastOf(item, label, other) {
      const { images, pairs } = this.contrast ?? {};
      const single = this.study.isPhotograph(item) ? -1 : images?.images.indexOf(this.study.indices[item]) ?? -1;
      if (single >= 0) return { raster: images, place: single, label: images.labels[single], other: images.others[single], mean: false };
      const pair = pairs?.pairs.findIndex((both) => both.includes(label) && both.includes(other) && label !== other) ?? -1;
      return pair < 0 ? null : { raster: pairs, place: 2 * pair + pairs.pairs[pair].indexOf(label), label, other, mean: true };
    }
  }

  const studies = new Map(page.studies.map((raw) => [raw.name, null]));
  async function study(name) {
    const raw = page.studies.find((one) => one.name === name) ?? page.studies[0];
    if (!studies.get(raw.name)) studies.set(raw.name, unpack(raw).then((whole) => new Study(whole)));
    return studies.get(raw.name);
  }

  function variant(of, name) {
    const key = `${of.name}--${name}`;
    if (!variants.has(key)) {
      const pack = page.packs[key] ? Promise.resolve(page.packs[key]) : load(key);
      variants.set(key, pack.then(unpack).then((whole) => new Variant(name, of, whole)));
    }
    return variants.get(key);
  }

  return { titles: page.studies.map(({ name, title }) => [name, title]), study, variant, picture, missing };
})();
