// 256 colours for the 256 values a cell may have.

import { STOPS } from "./colours.js";
import { clamp } from "./axes.js";
import { channels } from "./theme.js";

const HEADROOM = 30; // dB of grey kept free above, so that relevance stands out over the loudest
const STRONGEST = 0.92; // opacity of the strongest relevance: what is below stays visible

const packed = (red, green, blue, alpha) =>
  ((Math.round(alpha * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** A colour of a named map, 0 to 1. */
export function colourAt(stops, share) {
  const place = clamp(share, 0, 1) * (stops.length - 1);
  const first = Math.min(Math.floor(place), stops.length - 2);
  const rest = place - first;
  return [0, 1, 2].map((i) =>
    Math.round(stops[first][i] * (1 - rest) + stops[first + 1][i] * rest),
  );
}

/** The colours of a named map for a layer whose cells mean dB, `levels` the least and the most. */
export function levelPalette(layer, name, levels, theme) {
  const paint = levelColour(name, levels, theme);
  return Uint32Array.from({ length: 256 }, (_, cell) =>
    packed(...paint(layer.lowest + cell * layer.step), 1),
  );
}

export function levelColour(name, [floor, ceiling], theme) {
  const span = Math.max(ceiling - floor, 1);
  if (name !== "grey") return (level) => colourAt(STOPS[name], (level - floor) / span);
  const [quiet, loud] = theme.dark ? [14, 255] : [255, 0];
  return (level) => {
    const share = clamp((level - floor) / (span + HEADROOM), 0, 1);
    return Array(3).fill(Math.round(quiet + share * (loud - quiet)));
  };
}

export const mapName = (chosen, underRelevance) =>
  chosen === "automatic" ? (underRelevance ? "grey" : "magma") : chosen;

/** Relevance: colour is the sign, opacity the strength; what is below the threshold is not seen. */
export function relevancePalette(layer, threshold, theme) {
  const paint = relevanceColour(layer.signed, threshold, theme);
  return Uint32Array.from({ length: 256 }, (_, cell) =>
    packed(...paint((layer.lowest + cell * layer.step) / layer.largest)),
  );
}

/** Colour and opacity of relevance from -1 to 1, or from 0 where it has no sign. */
export function relevanceColour(signed, threshold, theme) {
  const favour = channels(theme.favour);
  const against = channels(theme.against);
  return (share) => {
    const strength = Math.min(Math.abs(share), 1);
    const alpha = strength < threshold || strength === 0 ? 0 : STRONGEST * Math.sqrt(strength);
    if (!signed) return [...colourAt(STOPS.viridis, strength), alpha];
    return [...(share > 0 ? favour : against), alpha];
  };
}
