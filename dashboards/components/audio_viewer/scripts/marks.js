// Cursor, region and pointer: what is drawn anew in every frame.

import { secondsText } from "./axes.js";
import { write } from "./drawing.js";

const HANDLE = 4; // pixels

function stripEdges(places) {
  const last = places.strips.at(-1);
  return [places.strips[0].top, last.top];
}

export function drawCursor(brush, places, seconds, theme) {
  const [top, bottom] = stripEdges(places);
  const overview = places.strips[0];
  brush.strokeStyle = theme.ink;
  brush.lineWidth = 1;
  const small = places.overviewX(seconds);
  brush.beginPath();
  brush.moveTo(small, overview.top);
  brush.lineTo(small, overview.top + overview.height);
  const x = places.x(seconds);
  const visible = x >= places.left - 1 && x <= places.right + 1;
  if (visible) {
    brush.moveTo(x, top + overview.height + 4);
    brush.lineTo(x, bottom);
  }
  brush.stroke();
  if (!visible) return;
  brush.fillStyle = theme.primary;
  brush.beginPath();
  brush.moveTo(x - 6, top + overview.height + 2);
  brush.lineTo(x + 6, top + overview.height + 2);
  brush.lineTo(x, top + overview.height + 11);
  brush.fill();
  brush.strokeStyle = theme.primary;
  brush.lineWidth = 1.5;
  brush.beginPath();
  brush.moveTo(x, top + overview.height + 8);
  brush.lineTo(x, bottom);
  brush.stroke();
}

export function drawHover(brush, places, hover, theme) {
  const [, bottom] = stripEdges(places);
  brush.save();
  brush.strokeStyle = theme.quiet;
  brush.setLineDash([2, 3]);
  brush.lineWidth = 1;
  brush.beginPath();
  brush.moveTo(hover.x, places.strips[0].top + places.strips[0].height + 4);
  brush.lineTo(hover.x, bottom);
  brush.stroke();
  brush.restore();
  const text = secondsText(places.seconds(hover.x), 3);
  const left = Math.min(hover.x + 5, places.right - 52);
  brush.fillStyle = theme.paper;
  brush.fillRect(left - 3, bottom + 2, 8 * text.length, 16);
  write(brush, theme, text, left, bottom + 14);
}

/** The region over the spectrogram, and its time over the waveform and all other strips. */
export function drawRegion(brush, places, region, theme) {
  const left = places.x(region.start);
  const right = places.x(region.end);
  const spectrogram = places.spectrogram;
  brush.save();
  brush.beginPath();
  const [, bottom] = stripEdges(places);
  brush.rect(places.left, 0, places.width, bottom);
  brush.clip();
  for (const strip of places.strips) {
    if (strip.kind === "overview" || strip.kind === "axis" || strip === spectrogram) continue;
    brush.fillStyle = theme.primary;
    brush.globalAlpha = 0.12;
    brush.fillRect(left, strip.top, right - left, strip.height);
    brush.globalAlpha = 0.8;
    brush.fillRect(left - 0.5, strip.top, 1, strip.height);
    brush.fillRect(right - 0.5, strip.top, 1, strip.height);
  }
  brush.globalAlpha = 1;
  drawBox(brush, places, region, left, right, theme);
  brush.restore();
  const overview = places.strips[0];
  brush.fillStyle = theme.primary;
  const small = places.overviewX(region.start);
  const width = Math.max(places.overviewX(region.end) - small, 2);
  brush.fillRect(small, overview.top + overview.height - 4, width, 3);
}

function drawBox(brush, places, region, left, right, theme) {
  const { top, height } = places.spectrogram;
  const high = Math.max(places.y(region.high), top);
  const low = Math.min(places.y(region.low), top + height);
  // A line and its halo are seen on any colours.
  for (const [colour, width] of [[theme.paper, 4.5], [theme.ink, 2]]) {
    brush.strokeStyle = colour;
    brush.lineWidth = width;
    brush.strokeRect(left, high, right - left, low - high);
  }
  const [middle, centre] = [(left + right) / 2, (low + high) / 2];
  const handles = [
    [left, high], [middle, high], [right, high], [left, centre],
    [right, centre], [left, low], [middle, low], [right, low],
  ];
  brush.fillStyle = theme.paper;
  brush.lineWidth = 1.5;
  for (const [x, y] of handles) {
    brush.beginPath();
    brush.arc(x, y, HANDLE, 0, 2 * Math.PI);
    brush.fill();
    brush.stroke();
  }
}
