// The strips of the stage, one above the other on one axis of time, and where on them things lie.

import { hertzAt, shareOf } from "./axes.js";

export const GUTTER = 46; // pixels left of the strips, for what is written beside them
const MARGIN = 10; // pixels right of the strips
export const HEADER = 17; // pixels above a strip, for its name
const GAP = 9;

const HEIGHTS = { overview: 28, lane: 20, waveform: 84, overTime: 52, curve: 52, axis: 36 };

export const EVERY_KIND = [...Object.keys(HEIGHTS), "spectrogram"];
/** What changes with settings alone. */
export const PAINTED_KINDS = ["waveform", "spectrogram"];
export const SPECTROGRAM = ["spectrogram"];

/** Strips from top to bottom; each knows its top and height in pixels. */
export function stripsOf(scene, relevance, heightOfSpectrogram) {
  const kinds = [
    { kind: "overview", name: "" },
    ...scene.lanes.map((lane) => ({ kind: "lane", name: lane.name, lane })),
    { kind: "waveform", name: "Amplitude" },
    { kind: "spectrogram", name: "Frequency (kHz)" },
    ...(relevance ? [{ kind: "overTime", name: overTimeName(relevance) }] : []),
    ...scene.curves.map((curve) => ({ kind: "curve", name: curve.name, curve })),
    { kind: "axis", name: "" },
  ];
  let top = 2;
  return kinds.map((strip) => {
    const height = strip.kind === "spectrogram" ? heightOfSpectrogram : HEIGHTS[strip.kind];
    const header = strip.name ? HEADER : 0;
    const placed = { ...strip, top: top + header, height };
    top = placed.top + height + (strip.kind === "axis" ? 0 : GAP);
    return placed;
  });
}

function overTimeName(relevance) {
  const column = (relevance.overTime.end - relevance.overTime.start) / relevance.overTime.columns;
  return `Relevance for ${relevance.target}, summed over every ${Number((1000 * column).toFixed(1))} ms`;
}

export const bottomOf = (strips) => strips.at(-1).top + strips.at(-1).height;

/** How seconds and hertz become pixels, and back. */
export class Places {
  constructor(view, scale, width, strips) {
    this.view = view;
    this.strips = strips;
    this.left = GUTTER;
    this.width = Math.max(width - GUTTER - MARGIN, 10);
    this.right = this.left + this.width;
    this.axis = { scale, low: view.low, high: view.high };
    this.spectrogram = strips.find((strip) => strip.kind === "spectrogram");
  }

  get secondsPerPixel() {
    return (this.view.end - this.view.start) / this.width;
  }

  x(seconds) {
    return this.left + (seconds - this.view.start) / this.secondsPerPixel;
  }

  seconds(x) {
    return this.view.start + (x - this.left) * this.secondsPerPixel;
  }

  y(hertz) {
    const { top, height } = this.spectrogram;
    return top + (1 - shareOf(hertz, this.axis)) * height;
  }

  hertz(y) {
    const { top, height } = this.spectrogram;
    return hertzAt(1 - (y - top) / height, this.axis);
  }

  /** Where the whole clip is drawn small. */
  overviewX(seconds) {
    return this.left + (seconds / this.view.seconds) * this.width;
  }

  overviewSeconds(x) {
    return ((x - this.left) / this.width) * this.view.seconds;
  }

  /** The strip at a height on the screen; the nearest where there is none. */
  stripAt(y) {
    const distance = (strip) => Math.max(strip.top - y, y - strip.top - strip.height, 0);
    return this.strips.reduce((best, one) => (distance(one) < distance(best) ? one : best));
  }
}
