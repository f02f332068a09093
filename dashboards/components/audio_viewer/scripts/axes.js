// Where seconds and hertz lie, and which of them are written beside the axes.

const LOWEST_ON_LOG = 40; // Hz: a logarithmic axis has no zero

export const SCALES = {
  linear: { name: "Linear", to: (hertz) => hertz, from: (height) => height },
  log: {
    name: "Logarithmic",
    to: (hertz) => Math.log2(Math.max(hertz, LOWEST_ON_LOG)),
    from: (height) => 2 ** height,
  },
  mel: {
    name: "Mel",
    to: (hertz) => 2595 * Math.log10(1 + hertz / 700),
    from: (height) => 700 * (10 ** (height / 2595) - 1),
  },
};

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** How far up a frequency lies, 0 at the bottom of the axis and 1 at its top. */
export function shareOf(hertz, axis) {
  const { to } = SCALES[axis.scale];
  const bottom = to(axis.low);
  return (to(hertz) - bottom) / (to(axis.high) - bottom);
}

/** The frequency that lies so far up. */
export function hertzAt(share, axis) {
  if (share <= 0) return axis.low;
  if (share >= 1) return axis.high;
  const { to, from } = SCALES[axis.scale];
  const bottom = to(axis.low);
  return from(bottom + share * (to(axis.high) - bottom));
}

/** Round numbers from `low` to `high`, about `count` of them: 1, 2 or 5 times a power of ten. */
export function roundTicks(low, high, count) {
  const wanted = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= wanted * 0.999);
  const ticks = [];
  for (let number = Math.ceil(low / step - 1e-6); number * step <= high * (1 + 1e-9); number++) {
    ticks.push(number * step);
  }
  return { ticks, step };
}

const ROUND_HERTZ = [0, 50, 100, 200, 500, 1000, 2000, 3000, 4000, 5000, 6000, 8000];
const HIGH_HERTZ = [10000, 12000, 16000, 20000, 24000, 32000, 40000, 48000, 64000, 80000, 96000];

/** Frequencies to write beside an axis of so many pixels, none on top of another. */
export function hertzTicks(axis, pixels) {
  const linear = axis.scale === "linear";
  const candidates = linear
    ? roundTicks(axis.low, axis.high, pixels / 36).ticks
    : [...ROUND_HERTZ, ...HIGH_HERTZ];
  const kept = [];
  let last = -Infinity;
  for (const hertz of candidates) {
    const place = shareOf(hertz, axis) * pixels;
    const shown = axis.scale !== "log" || hertz >= LOWEST_ON_LOG;
    const inside = shown && hertz >= axis.low && hertz <= axis.high;
    if (inside && place - last >= 16) {
      kept.push(hertz);
      last = place;
    }
  }
  return kept;
}

export function hertzText(hertz) {
  return hertz >= 1000 ? `${trimmed(hertz / 1000, 2)} kHz` : `${Math.round(hertz)} Hz`;
}

const trimmed = (value, digits) => String(Number(value.toFixed(digits)));

/** Seconds as people write them: 1.25, or 2:05.3 from a minute on. */
export function secondsText(seconds, digits = 2) {
  if (seconds < 60) return seconds.toFixed(digits);
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - 60 * minutes).toFixed(digits);
  return `${minutes}:${rest.padStart(digits ? digits + 3 : 2, "0")}`;
}

/** Digits after the point that tell neighbouring ticks apart. */
export const digitsFor = (step) => clamp(Math.ceil(-Math.log10(step) - 1e-9), 0, 4);
