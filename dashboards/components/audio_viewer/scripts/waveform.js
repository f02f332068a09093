// A waveform in every zoom: outline, blocks of samples, or the samples themselves.

const BLOCK = 64; // samples
const blocks = new WeakMap();

/** Lowest and highest sample of every block; made once for a sound. */
function blocksOf(buffer) {
  if (!blocks.has(buffer)) {
    const samples = buffer.getChannelData(0);
    const count = Math.ceil(samples.length / BLOCK);
    const lowest = new Float32Array(count);
    const highest = new Float32Array(count);
    for (let block = 0; block < count; block++) {
      const end = Math.min((block + 1) * BLOCK, samples.length);
      [lowest[block], highest[block]] = extremes(samples, samples, block * BLOCK, end);
    }
    blocks.set(buffer, { lowest, highest, column: BLOCK / buffer.sampleRate });
  }
  return blocks.get(buffer);
}

function extremes(lowest, highest, from, to) {
  let [low, high] = [lowest[from], highest[from]];
  for (let i = from + 1; i < to; i++) {
    if (lowest[i] < low) low = lowest[i];
    if (highest[i] > high) high = highest[i];
  }
  return [low, high];
}

/** The columns that are fine enough for so many seconds per pixel. */
function columnsFor(outline, buffer, secondsPerPixel) {
  if (!buffer || (outline && outline.column <= secondsPerPixel)) return outline;
  if (BLOCK / buffer.sampleRate <= secondsPerPixel) return blocksOf(buffer);
  const samples = buffer.getChannelData(0);
  return { lowest: samples, highest: samples, column: 1 / buffer.sampleRate };
}

/**
 * Draw a waveform.
 *
 * @param outline its outline, or null
 * @param buffer its samples, or null
 * @param strip where, with `loudest`: the amplitude that reaches its edge
 */
export function drawWaveform(brush, places, strip, outline, buffer, theme) {
  const columns = columnsFor(outline, buffer, places.secondsPerPixel);
  const middle = strip.top + strip.height / 2;
  brush.strokeStyle = theme.faint;
  brush.lineWidth = 1;
  brush.beginPath();
  brush.moveTo(places.left, middle);
  brush.lineTo(places.right, middle);
  brush.stroke();
  if (!columns) return;
  const perPixel = places.secondsPerPixel / columns.column;
  const toY = (amplitude) => middle - (amplitude / strip.loudest) * (strip.height / 2);
  if (perPixel < 1) drawLine(brush, places, columns, toY, theme, 1 / perPixel);
  else drawOutline(brush, places, columns, toY, theme);
}

function drawOutline(brush, places, { lowest, highest, column }, toY, theme) {
  const perPixel = places.secondsPerPixel / column;
  brush.fillStyle = theme.wave;
  for (let pixel = 0; pixel < places.width; pixel++) {
    const from = Math.floor((places.view.start + pixel * places.secondsPerPixel) / column);
    if (from >= lowest.length) break;
    const to = Math.min(Math.max(Math.ceil(from + perPixel), from + 1), lowest.length);
    const [low, high] = extremes(lowest, highest, from, to);
    // Whole pixels are filled much faster than parts of them.
    const y = Math.round(toY(high));
    brush.fillRect(places.left + pixel, y, 1, Math.max(Math.round(toY(low)) - y, 1));
  }
}

function drawLine(brush, places, { lowest, highest, column }, toY, theme, pixelsPerColumn) {
  const { start, end } = places.view;
  const from = Math.max(Math.floor(start / column) - 1, 0);
  const to = Math.min(Math.ceil(end / column) + 1, lowest.length);
  const bySample = lowest === highest;
  brush.save();
  brush.beginPath();
  brush.rect(places.left, 0, places.width, 1e4);
  brush.clip();
  brush.fillStyle = brush.strokeStyle = theme.wave;
  brush.lineWidth = 1.3;
  brush.beginPath();
  for (let i = from; i < to; i++) {
    const x = places.x(i * column);
    if (bySample) brush.lineTo(x, toY(highest[i]));
    else {
      const y = toY(highest[i]);
      brush.rect(x, y, pixelsPerColumn + 0.5, Math.max(toY(lowest[i]) - y, 1));
    }
  }
  if (bySample) brush.stroke();
  else brush.fill();
  brush.restore();
}
