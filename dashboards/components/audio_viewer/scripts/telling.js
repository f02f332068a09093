// What is told to Python: finished moves, one at a time, and which finer tile is wanted.

const QUIET = 300; // milliseconds without a change after which it is finished
const PATIENCE = 8000; // milliseconds after which a tile is no longer waited for
const COARSE = 0.6; // columns per pixel below which a finer tile is wanted
const FINEST = 0.0006; // seconds: no finer tile is made

const rounded = (value, digits) => Number(value.toFixed(digits));

export class Telling {
  #timer = null;
  #told = "";
  #asked = null;
  #askedAt = 0;
  tile = null;

  /** @param viewer whose `view`, `shownSound`, `places` and `setStateValue` are used */
  constructor(viewer) {
    this.viewer = viewer;
  }

  /** Something was finished; Python hears of it once nothing more follows. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), QUIET);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** Python answered with a scene; a tile may be with it. */
  answered(tile) {
    this.tile = tile ?? this.tile;
    const got = tile && this.#asked && tile.sound === this.#asked.sound;
    if (got && tile.asked[0] === this.#asked.start && tile.asked[1] === this.#asked.end) {
      this.#asked = null;
      this.soon(); // meanwhile the view may have moved on
    }
  }

  /** The tile, where it is of the sound that is shown and not coarser than what is below. */
  tileFor(sound, view) {
    const { tile } = this;
    if (!tile || tile.sound !== sound.name) return null;
    const inside = tile.end > view.start && tile.start < view.end;
    return inside && columnOf(tile) < columnOf(sound.spectrogram) ? tile : null;
  }

  forget() {
    this.tile = null;
    this.#asked = null;
    this.#told = "";
  }

  #tell() {
    const { view, cursor, panel, drawing } = this.viewer;
    if (drawing) return this.soon(); // half a region is none
    panel.announce(this.viewer);
    const region = view.region;
    const message = {
      identity: view.identity,
      cursor: rounded(cursor, 4),
      visible: [rounded(view.start, 4), rounded(view.end, 4)],
      region: region && [
        rounded(region.start, 4), rounded(region.end, 4),
        rounded(region.low, 1), rounded(region.high, 1),
      ],
      sound: view.sound,
      wanted: this.#wanted(),
    };
    const text = JSON.stringify(message);
    if (text === this.#told) return;
    this.#told = text;
    this.viewer.setStateValue("view", message);
  }

  /** The stretch to ask for; the last one while it is on its way or still does. */
  #wanted() {
    const { view, shownSound: sound, places } = this.viewer;
    const waiting = this.#asked && performance.now() - this.#askedAt < PATIENCE;
    if (waiting) return this.#asked;
    const last = this.tile && {
      sound: this.tile.sound, start: this.tile.asked[0], end: this.tile.asked[1],
    };
    const fine = (layer) =>
      columnOf(layer) * COARSE <= places.secondsPerPixel || columnOf(layer) <= FINEST;
    if (fine(sound.spectrogram)) return last;
    const tile = this.tileFor(sound, view);
    const end = Math.min(view.end, sound.seconds);
    if (tile && fine(tile) && tile.start <= view.start + 1e-4 && tile.end >= end - 1e-4) {
      return last;
    }
    const half = (view.end - view.start) / 2;
    this.#asked = {
      sound: sound.name,
      start: rounded(Math.max(view.start - half, 0), 4),
      end: rounded(Math.min(view.end + half, view.seconds), 4),
    };
    this.#askedAt = performance.now();
    return this.#asked;
  }
}

const columnOf = (layer) => (layer.end - layer.start) / layer.columns;
