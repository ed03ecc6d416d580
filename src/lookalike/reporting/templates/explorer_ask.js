// What the explorer can be asked: which images fit a choice, in which order, and what there is to choose from.
// `choices` are the values of the form's controls by their names; `models` are the variants "a" and "b".
const explorerAsk = (() => {
  const SIDES = ["a", "b"];
  const ANY = ["", "any"];
  const RIGHT = {
    both: (a, b) => a && b, neither: (a, b) => !a && !b,
    onlya: (a, b) => a && !b, onlyb: (a, b) => b && !a,
    wronga: (a) => !a, wrongb: (_, b) => !b,
  };
  const NO_FILTERS = { kind: "", true: "", saysa: "", saysb: "", right: "", agree: "", order: "" };
  const READY = { // questions that one click asks
    "surest-a": { right: "wronga", order: "surea" },
    "surest-b": { right: "wrongb", order: "sureb" },
    different: { order: "different" },
    all: NO_FILTERS,
  };

  // Jensen-Shannon divergence of two answers in bits: 0 for the same, 1 for two that share nothing; NaN without answers.
  function divergence(models, item, recipe) {
    const [p, q] = SIDES.map((side) => models[side].shares(item, recipe));
    if (!p.length || !q.length) return NaN;
    const toward = (share, middle) => (share > 0 ? (share * Math.log2(share / middle)) / 2 : 0);
    return Math.max(0, p.reduce((sum, share, k) => sum + toward(share, (share + q[k]) / 2) + toward(q[k], (share + q[k]) / 2), 0));
  }

  // Whether each choice holds of an item.
  function conditions(study, models, recipe) {
    const said = (side, item) => models[side].said(item, recipe);
    const answered = (item) => SIDES.every((side) => said(side, item) >= 0);
    const ofGroup = (label, value) => label >= 0 && value === `group-${study.groupOf[label]}`;
    return {
      kind: (item, value) => (value === "pictured" ? study.placeInSheet.has(item) : (value === "photograph") === study.isPhotograph(item)),
      true: (item, value) => value === String(study.label(item)) || ofGroup(study.label(item), value),
      saysa: (item, value) => value === String(said("a", item)),
      saysb: (item, value) => value === String(said("b", item)),
      right: (item, value) => study.label(item) >= 0 && answered(item)
        && RIGHT[value](...SIDES.map((side) => said(side, item) === study.label(item))),
      agree: (item, value) => answered(item) && (value === "yes") === (said("a", item) === said("b", item)),
    };
  }

  // By what items are sorted, the largest first; undefined: as in the data set.
  function orderBy(models, { order, recipe }) {
    const sureness = (side, sign) => (item) => sign * models[side].sureness(item, recipe);
    return {
      different: (item) => divergence(models, item, recipe) || 0,
      surea: sureness("a", 1), sureb: sureness("b", 1), unsurea: sureness("a", -1), unsureb: sureness("b", -1),
    }[order];
  }

  // The items that fit all choices, in the order that is asked for.
  function search(study, models, choices) {
    const holds = conditions(study, models, choices.recipe);
    const asked = Object.keys(holds).filter((name) => choices[name]);
    const matches = study.items.filter((item) => asked.every((name) => holds[name](item, choices[name])));
    const by = orderBy(models, choices);
    if (!by) return matches;
    const values = new Map(matches.map((item) => [item, by(item)]));
    return matches.sort((x, y) => values.get(y) - values.get(x));
  }

  // The first test image on which the models differ and one of them is right; undefined if there is none.
  function disagreement(study, models) {
    return study.items.find((item) => {
      const [first, second] = SIDES.map((side) => (study.isPhotograph(item) ? -1 : models[side].said(item)));
      return first !== second && [first, second].includes(study.label(item));
    });
  }

  // The options of each control, value and text.
  function options(study, models) {
    const { a: { name: a }, b: { name: b } } = models, { photographs } = study;
    const classes = [ANY, ...study.classes.map((name, k) => [String(k), name])];
    const variants = study.variants.map(({ name }) => [name, name]);
    return {
      study: explorerData.titles,
      kind: kinds(study),
      a: variants,
      b: variants,
      true: classes,
      saysa: classes,
      saysb: classes,
      right: [ANY, ["both", "both right"], ["neither", "both wrong"], ["onlya", `only ${a} right`], ["onlyb", `only ${b} right`],
        ["wronga", `${a} wrong`], ["wrongb", `${b} wrong`]],
      agree: [ANY, ["yes", "the same"], ["no", "different"]],
      order: [["", "as in the data set"], ["different", "most different answers first"], ["surea", `${a} surest first`],
        ["sureb", `${b} surest first`], ["unsurea", `${a} least sure first`], ["unsureb", `${b} least sure first`]],
      recipe: photographs ? photographs.recipes.map((name) => [name, name]) : [["", "none"]],
    };
  }

  function kinds({ photographs, sprites, shown, tests }) {
    const test = [photographs ? "test" : "", "test images"], pictured = ["pictured", "test images with their picture"];
    const all = photographs ? [["", "test images and photographs"], test, ["photograph", "photographs"]] : [test];
    return sprites || shown.length === tests ? all : [...all, pictured];
  }

  // Groups of look-alikes, which can be chosen like a class; none where each class is a group of its own.
  function groups(study) {
    return study.groups.length < study.classes.length ? study.groups.map((name, k) => [`group-${k}`, `any of: ${name}`]) : [];
  }

  return { SIDES, FILTERS: Object.keys(NO_FILTERS), READY, divergence, search, disagreement, options, groups };
})();
