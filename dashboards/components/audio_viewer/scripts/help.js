// What keys and mouse do, on a sheet over the stage.

import { make } from "./controls.js";

const KEYS = [
  ["Space", "play and pause"],
  ["Enter", "play the region"],
  ["← →", "move the cursor; with Shift further"],
  ["Home End", "to the beginning, to the end"],
  ["1 … 9", "choose the sound, at the same position"],
  ["L", "loop the region, or all that is visible"],
  ["B", "play only the region's frequencies"],
  ["W S or + −", "zoom in and out at the cursor"],
  ["A D", "move along the clip"],
  ["0", "the whole clip"],
  ["Z", "zoom to the region"],
  ["[ ]", "begin or end the region at the cursor"],
  ["Escape", "clear the region"],
  ["?", "this sheet"],
];
const MOUSE = [
  ["Click", "set the cursor"],
  ["Drag", "draw a region: over the spectrogram in time and frequency, elsewhere in time"],
  ["Click a word", "make it the region"],
  ["Drag its edge", "change the region"],
  ["Drag the times or the strip on top", "move along the clip"],
  ["Ctrl + wheel", "zoom in time"],
  ["Alt + wheel", "zoom in frequency"],
  ["Shift + wheel", "move along the clip"],
  ["Double click", "zoom to the region, or out again"],
];

/** The sheet, closed; `open()` and `close()` show and hide it. */
export function helpSheet(parent) {
  const list = (rows) =>
    make("dl", {}, ...rows.flatMap(([key, what]) => [make("dt", {}, key), make("dd", {}, what)]));
  const close = make("button", { type: "button", class: "wide", onclick: () => hide() }, "Close");
  const sheet = make(
    "div", { class: "sheet", role: "dialog", "aria-label": "Keys and mouse", hidden: true },
    make("div", { class: "columns" },
      make("div", {}, make("h4", {}, "Keys"), list(KEYS)),
      make("div", {}, make("h4", {}, "Mouse"), list(MOUSE))),
    close,
  );
  let before = null;
  const hide = () => {
    sheet.hidden = true;
    before?.focus({ preventScroll: true });
  };
  const show = () => {
    before = parent.getRootNode().activeElement;
    sheet.hidden = false;
    close.focus({ preventScroll: true });
  };
  parent.append(sheet);
  return { hide, toggle: () => (sheet.hidden ? show() : hide()), isOpen: () => !sheet.hidden };
}
