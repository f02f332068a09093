// What is drawn of sounds and relevance: fetched when first shown, painted again when colours change.

import { cellsOf, outlineOf, painted } from "./layers.js";

const MOST_KEPT = 16;
const RETRY = 3000; // milliseconds

export class Pictures {
  #kept = new Map();
  #onLoaded;
  #onError;

  constructor(onLoaded, onError) {
    this.#onLoaded = onLoaded;
    this.#onError = onError;
  }

  /** The outline of a waveform; null until it is there. */
  outline(outline) {
    return this.#entry(outline.file, () => outlineOf(outline)).value;
  }

  /** The cells of a layer; null until they are there. */
  cells(layer) {
    return this.#entry(layer.file, () => cellsOf(layer)).value;
  }

  /**
   * A layer as a picture; null until its cells are there.
   *
   * @param colours all that the palette depends on, as a text
   * @param palette makes the 256 colours
   */
  picture(layer, colours, palette, axis, height) {
    const entry = this.#entry(layer.file, () => cellsOf(layer));
    if (!entry.value) return null;
    const wanted = JSON.stringify([colours, axis, height]);
    if (entry.looks !== wanted) {
      entry.painted = painted(layer, entry.value, palette(), axis, height, entry.painted);
      entry.looks = wanted;
    }
    return entry.painted.picture;
  }

  #entry(address, load) {
    const entry = this.#kept.get(address) ?? this.#loading(address, load);
    this.#kept.delete(address);
    this.#kept.set(address, entry);
    for (const old of [...this.#kept.keys()].slice(0, -MOST_KEPT)) this.#kept.delete(old);
    return entry;
  }

  #loading(address, load) {
    const entry = { value: null, painted: null, looks: null };
    load().then(
      (value) => {
        entry.value = value;
        this.#onLoaded();
      },
      (error) => {
        setTimeout(() => this.#kept.delete(address), RETRY);
        this.#onError(error);
      },
    );
    return entry;
  }
}
