// What of a clip is seen, and how that changes. Pure: every change gives a new view.

import { clamp, hertzAt, shareOf } from "./axes.js";

const SHORTEST = 0.004; // seconds that can fill the whole width
const NARROWEST = 0.04; // of the frequency axis that can fill the whole height

export const SETTINGS = {
  over: "spectrogram",
  opacity: 0.85,
  threshold: 0.05,
  scale: "linear",
  colours: "automatic",
  levels: null, // dB from and to; null for what suits the clip
  rate: 1,
  loop: false,
  band: false,
};

/** A clip seen for the first time. */
export function newView(scene) {
  const [start, end] = scene.visible ?? [0, scene.seconds];
  const region = scene.region;
  return {
    identity: scene.identity,
    seconds: scene.seconds,
    nyquist: scene.nyquist,
    cursor: 0,
    start: clamp(start, 0, scene.seconds),
    end: clamp(end, start + SHORTEST, scene.seconds),
    low: 0,
    high: scene.nyquist,
    region: region && { start: region[0], end: region[1], low: region[2], high: region[3] },
    sound: scene.sounds[0].name,
    relevance: scene.relevance[0]?.name ?? null,
    offered: scene.relevance.map((one) => one.name),
  };
}

/** The same view of another scene of the same clip; what is gone from it is no longer chosen. */
export function kept(view, scene) {
  const sound = named(scene.sounds, view.sound) ?? scene.sounds[0];
  const hidden = view.relevance === null && view.offered.length > 0; // somebody wants none
  const there = named(scene.relevance, view.relevance) ?? scene.relevance[0];
  const offered = scene.relevance.map((one) => one.name);
  return { ...view, offered, sound: sound.name, relevance: hidden ? null : (there?.name ?? null) };
}

/**
 * Another sound, and with it the relevance that is called after it ("Corrupted", "Corrupted, ...").
 *
 * Whoever looks at relevance that is called after no sound, nor is the first, goes on looking at it.
 */
export function withSound(view, scene, name) {
  const isAfter = (relevance, sound) =>
    relevance.name === sound.name || relevance.name.startsWith(`${sound.name},`);
  const isPaired = (relevance) => scene.sounds.some((sound) => isAfter(relevance, sound));
  const present = named(scene.relevance, view.relevance);
  if (!present || (present !== scene.relevance[0] && !isPaired(present))) {
    return { ...view, sound: name };
  }
  const own = scene.relevance.find((relevance) => isAfter(relevance, { name }));
  const common = isPaired(present) ? scene.relevance.find((one) => !isPaired(one)) : present;
  return { ...view, sound: name, relevance: (own ?? common ?? present).name };
}

export const named = (list, name) => list.find((one) => one.name === name);

/** Time zoomed about the instant `at`, which stays where it is on the screen. */
export function zoomedTime(view, factor, at) {
  const shortest = Math.min(SHORTEST, view.seconds);
  const width = clamp((view.end - view.start) * factor, shortest, view.seconds);
  const share = (at - view.start) / (view.end - view.start);
  return between(view, at - share * width, width);
}

/** Time moved by so many seconds, as far as there is clip. */
export const panned = (view, seconds) =>
  between(view, view.start + seconds, view.end - view.start);

/** The whole clip and all frequencies. */
export const fitted = (view) => ({
  ...view, start: 0, end: view.seconds, low: 0, high: view.nyquist,
});

/** From `start` to `end` in seconds. */
export const seen = (view, start, end) => between(view, start, Math.max(end - start, SHORTEST));

function between(view, start, width) {
  const from = clamp(start, 0, view.seconds - width);
  return { ...view, start: from, end: from + width };
}

/** Frequency zoomed about so many hertz, on the chosen scale. */
export function zoomedFrequency(view, factor, hertz, scale) {
  const whole = { scale, low: 0, high: view.nyquist };
  const [low, high, at] = [view.low, view.high, hertz].map((f) => shareOf(f, whole));
  const height = clamp((high - low) * factor, NARROWEST, 1);
  const share = clamp((at - low) / (high - low), 0, 1);
  const bottom = clamp(at - share * height, 0, 1 - height);
  return { ...view, low: hertzAt(bottom, whole), high: hertzAt(bottom + height, whole) };
}

/** The region between two corners, in any order, inside the clip; null where it has no extent. */
export function regionBetween(view, one, other) {
  const [start, end] = [one.seconds, other.seconds].sort((a, b) => a - b);
  const [low, high] = [one.hertz, other.hertz].sort((a, b) => a - b);
  const region = {
    start: clamp(start, 0, view.seconds),
    end: clamp(end, 0, view.seconds),
    low: clamp(low, 0, view.nyquist),
    high: clamp(high, 0, view.nyquist),
  };
  return region.start < region.end && region.low < region.high ? region : null;
}
