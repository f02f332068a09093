// Matrices of bytes: fetched, unpacked, coloured into pictures that are then only moved and scaled.

import { hertzAt } from "./axes.js";

/** The bytes at an address. */
export async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.arrayBuffer();
}

/** The cells of a layer, row by row from the lowest frequency. */
export async function cellsOf(layer) {
  const file = await fetched(layer.file);
  const inflated = new Blob([file]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

/** Lowest and highest amplitude of each column, -1 to 1. */
export async function outlineOf(outline) {
  const levels = new Int8Array(await fetched(outline.file));
  const amplitudes = Float32Array.from(levels, (level) => level / 127);
  return {
    lowest: amplitudes.subarray(0, outline.columns),
    highest: amplitudes.subarray(outline.columns),
    column: outline.column,
  };
}

/**
 * A layer as a picture, one column of pixels per column of cells.
 *
 * @param layer what the cells mean
 * @param cells its bytes
 * @param palette 256 colours, one for each value of a cell, as 0xAABBGGRR
 * @param axis the frequencies the picture reaches over
 * @param height its rows of pixels
 * @param last the layer as it was painted last, which is painted over; or null
 */
export function painted(layer, cells, palette, axis, height, last) {
  const rows = layer.rows === 1 ? 1 : height;
  const { picture, image } = last?.picture.height === rows ? last : blank(layer.columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0; y < rows; y++) {
    const row = rowAt(layer, hertzAt(1 - (y + 0.5) / rows, axis));
    const target = y * layer.columns;
    if (row === null) {
      pixels.fill(0, target, target + layer.columns);
      continue;
    }
    const source = row * layer.columns;
    for (let x = 0; x < layer.columns; x++) pixels[target + x] = palette[cells[source + x]];
  }
  picture.getContext("2d").putImageData(image, 0, 0);
  return { picture, image };
}

function blank(columns, rows) {
  const picture = new OffscreenCanvas(columns, rows);
  return { picture, image: picture.getContext("2d").createImageData(columns, rows) };
}

/** The row of cells that holds a frequency; null where there is none. */
export function rowAt(layer, hertz) {
  if (layer.rows === 1) return 0;
  const row = Math.floor(((hertz - layer.low) / (layer.high - layer.low)) * layer.rows);
  return row >= 0 && row < layer.rows ? row : null;
}

/** The value of the cell at an instant and a frequency; null outside. */
export function valueAt(layer, cells, seconds, hertz) {
  const row = rowAt(layer, hertz);
  const share = (seconds - layer.start) / (layer.end - layer.start);
  const column = Math.floor(share * layer.columns);
  if (row === null || column < 0 || column >= layer.columns) return null;
  return layer.lowest + cells[row * layer.columns + column] * layer.step;
}
