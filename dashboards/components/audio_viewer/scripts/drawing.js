// Drawing the strips: all that changes with zoom and settings, and not with the cursor.

import { digitsFor, hertzTicks, roundTicks, secondsText } from "./axes.js";

/** Run `draw` where nothing outside the strip can be drawn on. */
export function clipped(brush, places, strip, draw) {
  brush.save();
  brush.beginPath();
  brush.rect(places.left, strip.top, places.width, strip.height);
  brush.clip();
  draw();
  brush.restore();
}

export function drawFrame(brush, places, strip, theme) {
  brush.strokeStyle = theme.faint;
  brush.lineWidth = 1;
  brush.strokeRect(places.left - 0.5, strip.top - 0.5, places.width + 1, strip.height + 1);
}

export function drawName(brush, places, strip, theme) {
  write(brush, theme, strip.name, places.left + 1, strip.top - 5, { colour: theme.quiet });
}

export function write(brush, theme, text, x, y, { align = "left", colour, size = 12 } = {}) {
  brush.font = `${size}px ${theme.font}`;
  brush.textAlign = align;
  brush.textBaseline = "alphabetic";
  brush.fillStyle = colour ?? theme.ink;
  brush.fillText(text, x, y);
}

/** The part of a picture that is visible, stretched over its strip. */
export function drawPicture(brush, places, strip, layer, picture, { smooth, opacity = 1 }) {
  const column = (layer.end - layer.start) / layer.columns;
  const from = Math.max(Math.floor((places.view.start - layer.start) / column), 0);
  const to = Math.min(Math.ceil((places.view.end - layer.start) / column), layer.columns);
  if (from >= to) return;
  const left = places.x(layer.start + from * column);
  const right = places.x(layer.start + to * column);
  clipped(brush, places, strip, () => {
    brush.globalAlpha = opacity;
    brush.imageSmoothingEnabled = smooth;
    brush.drawImage(
      picture, from, 0, to - from, picture.height, left, strip.top, right - left, strip.height,
    );
  });
}

export function drawFrequencies(brush, places, theme) {
  const { height } = places.spectrogram;
  for (const hertz of hertzTicks(places.axis, height)) {
    const y = places.y(hertz);
    const kept = Math.min(Math.max(y + 4, places.spectrogram.top + 9), places.spectrogram.top + height);
    write(brush, theme, String(hertz / 1000), places.left - 8, kept, { align: "right" });
    line(brush, theme.faint, places.left - 4, y, places.left, y);
  }
}

export function drawTimes(brush, places, strip, theme) {
  const { start, end } = places.view;
  const { ticks, step } = roundTicks(start, end, places.width / 84);
  for (const seconds of ticks) {
    const x = places.x(seconds);
    line(brush, theme.quiet, x, strip.top - 5, x, strip.top);
    const text = secondsText(seconds, digitsFor(step));
    const half = 4 * text.length;
    const kept = Math.min(Math.max(x, places.left + half - 14), places.right - half + 10);
    write(brush, theme, text, kept, strip.top + 13, { align: "center" });
  }
  const title = end >= 60 ? "Time (min:s)" : "Time (s)";
  const middle = places.left + places.width / 2;
  write(brush, theme, title, middle, strip.top + 30, { align: "center", colour: theme.quiet });
}

function line(brush, colour, x0, y0, x1, y1) {
  brush.strokeStyle = colour;
  brush.lineWidth = 1;
  brush.beginPath();
  brush.moveTo(x0, y0);
  brush.lineTo(x1, y1);
  brush.stroke();
}

/** Named stretches as boxes, their names inside as far as there is room. */
export function drawLane(brush, places, strip, theme) {
  clipped(brush, places, strip, () => {
    for (const [start, end, name] of strip.lane.stretches) {
      const left = Math.max(places.x(start), places.left);
      const right = Math.min(places.x(end), places.right);
      if (right < left) continue;
      const width = Math.max(right - left, 1);
      brush.globalAlpha = 0.16;
      brush.fillStyle = theme.marked;
      brush.fillRect(left, strip.top, width, strip.height);
      brush.globalAlpha = 1;
      line(brush, theme.marked, left + 0.5, strip.top, left + 0.5, strip.top + strip.height);
      const text = shortened(brush, theme, name, width - 8);
      write(brush, theme, text, left + 5, strip.top + 14);
    }
  });
}

function shortened(brush, theme, text, room) {
  brush.font = `12px ${theme.font}`;
  if (brush.measureText(text).width <= room) return text;
  for (let length = text.length - 1; length > 0; length--) {
    const short = `${text.slice(0, length)}…`;
    if (brush.measureText(short).width <= room) return short;
  }
  return "";
}

/** Steps filled to zero, above and below in colours of their own. */
export function drawCurve(brush, places, strip, curve, above, theme) {
  const { values, start, step } = curve;
  const [low, high] = rangeOf(values);
  const toY = (value) => strip.top + ((high - value) / (high - low)) * strip.height;
  const zero = toY(0);
  const paths = { [above]: new Path2D(), [theme.against]: new Path2D() };
  const first = Math.max(Math.floor((places.view.start - start) / step), 0);
  const last = Math.min(Math.ceil((places.view.end - start) / step), values.length);
  const together = Math.max(Math.floor(places.secondsPerPixel / step), 1);
  for (let i = first - (first % together); i < last; i += together) {
    const x = places.x(start + i * step);
    const width = Math.max((together * step) / places.secondsPerPixel, 1) + 0.3;
    const [least, most] = extremesWithZero(values, Math.max(i, 0), i + together);
    if (most > 0) paths[above].rect(x, toY(most), width, zero - toY(most));
    if (least < 0) paths[theme.against].rect(x, zero, width, toY(least) - zero);
  }
  clipped(brush, places, strip, () => {
    for (const [colour, path] of Object.entries(paths)) {
      brush.fillStyle = colour;
      brush.fill(path);
    }
  });
  line(brush, theme.quiet, places.left, zero, places.right, zero);
  writeRange(brush, places, strip, theme, [low, high], zero);
}

function writeRange(brush, places, strip, theme, [low, high], zero) {
  const marks = [[high, strip.top + 10], [low, strip.top + strip.height]];
  for (const [value, y] of marks) {
    if (value === 0 || Math.abs(y - 4 - zero) < 12) continue;
    const text = shortNumber(value);
    write(brush, theme, text, places.left - 6, y, { align: "right", size: 11 });
  }
  write(brush, theme, "0", places.left - 6, Math.max(zero + 4, strip.top + 10), {
    align: "right", size: 11,
  });
}

export function shortNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e4 || (size < 1e-3 && size > 0)) {
    return value.toExponential(0).replace("e+", "e").replace("-", "−");
  }
  return String(Number(value.toPrecision(2))).replace("-", "−");
}

/** Lowest and highest of the values from `from` to before `to`, with zero among them. */
export function extremesWithZero(values, from = 0, to = values.length) {
  let [low, high] = [0, 0];
  for (let i = from; i < Math.min(to, values.length); i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return [low, high];
}

/** As much as a strip shows of values that may all be zero. */
function rangeOf(values) {
  const [low, high] = extremesWithZero(values);
  return low === high ? [0, 1] : [low, high];
}

/** The whole clip, small, with what is visible framed; `small` is a picture of its outline. */
export function drawOverview(brush, places, strip, small, theme) {
  brush.fillStyle = theme.panel;
  brush.fillRect(places.left, strip.top, places.width, strip.height);
  if (small) brush.drawImage(small, places.left, strip.top, places.width, strip.height);
  const left = Math.round(places.overviewX(places.view.start));
  const right = Math.max(Math.round(places.overviewX(places.view.end)), left + 3);
  brush.fillStyle = theme.veil;
  brush.fillRect(places.left, strip.top, left - places.left, strip.height);
  brush.fillRect(right, strip.top, places.right - right, strip.height);
  brush.strokeStyle = theme.primary;
  brush.lineWidth = 2;
  brush.strokeRect(left + 1, strip.top + 1, right - left - 2, strip.height - 2);
}

/** An outline as a picture of its own, drawn once. */
export function smallOutline(outline, seconds, loudest, width, height, theme) {
  const picture = new OffscreenCanvas(Math.round(width), height);
  const brush = picture.getContext("2d");
  const perPixel = seconds / picture.width / outline.column;
  const toY = (amplitude) => Math.round((height / 2) * (1 - amplitude / loudest));
  brush.fillStyle = theme.wave;
  for (let pixel = 0; pixel < picture.width; pixel++) {
    const from = Math.floor(pixel * perPixel);
    const to = Math.max(Math.ceil((pixel + 1) * perPixel), from + 1);
    const [low] = extremesWithZero(outline.lowest, from, to);
    const [, high] = extremesWithZero(outline.highest, from, to);
    brush.fillRect(pixel, toY(high), 1, Math.max(toY(low) - toY(high), 1));
  }
  return picture;
}
