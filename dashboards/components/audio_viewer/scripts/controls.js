// The buttons and inputs around the stage, made once.

import { ICONS } from "./icons.js";
import { SCALES } from "./axes.js";

/** An element with attributes and children; `on...` attributes are listeners. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function icon(name) {
  const holder = make("span", { class: "icon", "aria-hidden": "true" });
  holder.innerHTML = ICONS[name];
  return holder;
}

export function button(symbol, label, key, onclick, { text = "", toggle = false } = {}) {
  const title = key ? `${label} (${key})` : label;
  const pressed = toggle ? { "aria-pressed": "false" } : {};
  return make(
    "button",
    { type: "button", title, "aria-label": label, class: text ? "wide" : "", onclick, ...pressed },
    symbol ? icon(symbol) : null,
    text,
  );
}

function select(label, choices, onchange) {
  const options = choices.map(([value, text]) => make("option", { value }, text));
  const element = make("select", { "aria-label": label, onchange: (e) => onchange(e.target.value) });
  element.append(...options);
  return element;
}

function slider(label, [min, max, step], oninput) {
  const input = make("input", {
    type: "range", min, max, step, "aria-label": label,
    oninput: (e) => oninput(Number(e.target.value)),
  });
  return input;
}

function field(text, ...inputs) {
  return make("label", { class: "field" }, make("span", {}, text), ...inputs);
}

function edge(label, placeholder, step, onchange) {
  return make("input", { type: "number", min: 0, step, "aria-label": label, placeholder, onchange });
}

const legendBar = () =>
  make("canvas", { class: "legend", width: 140, height: 1, "aria-hidden": "true" });

/** A bar of colours between what its ends mean. */
const legend = (bar) => make("div", { class: "scale" }, make("span"), bar, make("span"));

/** All controls; `act` holds what they do. Elements that change later are named. */
export function controlsFor(act) {
  const named = {
    play: button("play", "Play", "Space", act.play),
    loop: button("loop", "Loop", "L", act.loop, { toggle: true }),
    rate: select("Speed: slower is lower, as of a tape", [[1, "1×"], [0.75, "¾×"], [0.5, "½×"], [0.25, "¼×"]], (v) =>
      act.setting("rate", Number(v))),
    time: make("output", { class: "time", "aria-label": "Cursor" }),
    sounds: make("div", { class: "sounds", role: "group", "aria-label": "Sound" }),
    start: edge("Region from, in seconds", "from", 0.01, act.typed),
    end: edge("Region to, in seconds", "to", 0.01, act.typed),
    low: edge("Region from, in hertz", "low", 50, act.typed),
    high: edge("Region to, in hertz", "high", 50, act.typed),
    playRegion: button("play", "Play the region", "Enter", act.playRegion, { text: "Play" }),
    band: button("band", "Play only the region's frequencies", "B", act.band, {
      text: "Only its band", toggle: true,
    }),
    zoomRegion: button("frame", "Zoom to the region", "Z", act.zoomRegion, { text: "Zoom to" }),
    clear: button("cross", "Clear the region", "Escape", act.clear, { text: "Clear" }),
    relevance: select("Relevance", [], act.relevance),
    over: select("Relevance is shown over", [
      ["spectrogram", "spectrogram"], ["waveform", "waveform"], ["both", "both"],
    ], (v) => act.setting("over", v)),
    opacity: slider("Opacity of the relevance", [0, 1, 0.01], (v) => act.setting("opacity", v)),
    threshold: slider("Threshold: weaker relevance is not shown", [0, 1, 0.01], (v) =>
      act.setting("threshold", v)),
    scale: select("Frequency scale", Object.entries(SCALES).map(([k, s]) => [k, s.name]), (v) =>
      act.setting("scale", v)),
    floor: slider("Lowest level shown, in dB", [-120, -20, 1], act.floor),
    ceiling: slider("Highest level shown, in dB", [-90, 10, 1], act.ceiling),
    colours: select("Colours of the spectrogram", [
      ["automatic", "automatic"], ["magma", "magma"], ["viridis", "viridis"], ["grey", "grey"],
    ], (v) => act.setting("colours", v)),
    opacityText: make("span", { class: "number" }),
    thresholdText: make("span", { class: "number" }),
    readout: make("span", { class: "readout" }),
    live: make("div", { class: "unseen", role: "status", "aria-live": "polite" }),
    problem: make("div", { class: "problem", role: "alert", hidden: true }),
    levelLegend: legendBar(),
    relevanceLegend: legendBar(),
    stage: make("div", {
      class: "stage", tabindex: 0, role: "slider", "aria-label": "Cursor in the clip",
      "aria-valuemin": 0,
    }),
    hint: make("div", { class: "hint", "aria-hidden": "true" }, "Hold Ctrl and turn the wheel to zoom"),
  };
  const help = button("help", "Keys and mouse", "?", act.help);
  const transport = make(
    "div", { class: "row", role: "toolbar", "aria-label": "Playing" },
    make("div", { class: "group" }, named.play, named.loop, field("Speed", named.rate)),
    named.time,
    named.sounds,
    make(
      "div", { class: "group right" },
      button("out", "Zoom out", "−", act.zoomOut),
      button("in", "Zoom in", "+", act.zoomIn),
      button("fit", "Show the whole clip", "0", act.fit),
      help,
    ),
  );
  named.region = make(
    "fieldset", { class: "row region" },
    make("legend", { class: "unseen" }, "Region"),
    make("span", { class: "title", "aria-hidden": "true" }, "Region"),
    make("span", { class: "pair" }, named.start, "–", named.end, " s"),
    make("span", { class: "pair" }, named.low, "–", named.high, " Hz"),
    make("div", { class: "group" }, named.playRegion, named.band, named.zoomRegion, named.clear),
    named.readout,
  );
  named.ofRelevance = make(
    "div", { class: "row settings" },
    field("Relevance", named.relevance),
    field("over", named.over),
    field("Opacity", named.opacity, named.opacityText),
    field("Threshold", named.threshold, named.thresholdText),
    legend(named.relevanceLegend),
  );
  const ofLevel = make(
    "div", { class: "row settings" },
    field("Frequency", named.scale),
    field("Colours", named.colours),
    make(
      "span", { class: "field", role: "group", "aria-label": "Range of levels" },
      make("span", {}, "Level from"), named.floor, make("span", {}, "to"), named.ceiling,
    ),
    legend(named.levelLegend),
  );
  const stageBox = make("div", { class: "box" }, named.stage, named.hint);
  named.root = make(
    "section", { class: "viewer" },
    transport, stageBox, named.problem, named.region, named.ofRelevance, ofLevel, named.live,
  );
  return named;
}
