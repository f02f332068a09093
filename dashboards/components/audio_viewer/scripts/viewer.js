// One viewer: a scene, what is seen of it, what is heard, and all that can be done.

import { actionsOf } from "./actions.js";
import { controlsFor } from "./controls.js";
import { helpSheet } from "./help.js";
import { listenForKeys } from "./keys.js";
import { valueAt } from "./layers.js";
import { remember, remembered } from "./memory.js";
import { Panel } from "./panel.js";
import { Pictures } from "./pictures.js";
import { Player, samplesOf } from "./player.js";
import { listenForPointer, stretchAt } from "./pointer.js";
import { Stage } from "./stage.js";
import { EVERY_KIND, PAINTED_KINDS, SPECTROGRAM } from "./strips.js";
import { Telling } from "./telling.js";
import { themeOf } from "./theme.js";
import { SETTINGS, kept, named, newView, panned } from "./view.js";

const LEFT_OF_CURSOR = 0.03; // of what is visible, when the view follows the sound

export class Viewer {
  scene = null;
  view = null;
  settings = { ...SETTINGS };
  cursor = 0;
  hover = null;
  buffer = null;
  playsRegion = false;
  drawing = false;
  #frame = null;
  #stale = null;
  #jump = null;

  constructor(parent) {
    this.act = actionsOf(this);
    this.controls = controlsFor(this.act);
    this.panel = new Panel(this.controls);
    this.pictures = new Pictures(() => this.redraw(), (error) => this.#failed(error));
    this.stage = new Stage(this.controls.stage, this.pictures);
    this.player = new Player({
      ended: (how) => this.#ended(how),
      interrupted: () => this.act.play(),
    });
    this.telling = new Telling(this);
    this.help = helpSheet(this.controls.root);
    this.controls.root.viewer = this;
    parent.append(this.controls.root);
    listenForKeys(this.controls.root, this.act);
    listenForPointer(this.controls.stage, this, this.act);
    this.resizing = new ResizeObserver(() => this.#resized());
    this.resizing.observe(this.controls.stage);
  }

  /** Show a scene; what was done to the same clip before stays. */
  show(scene, setStateValue) {
    const other = this.scene?.identity !== scene.identity || this.scene?.key !== scene.key;
    if (other && this.scene) this.#remember();
    this.scene = scene;
    this.setStateValue = setStateValue;
    if (other) this.#open(scene);
    else this.view = kept(this.view, scene);
    this.theme = themeOf(this.controls.root);
    this.controls.root.classList.toggle("dark", this.theme.dark);
    this.controls.stage.setAttribute("aria-label", `Cursor in ${scene.name}`);
    this.panel.problem("");
    this.panel.offer(scene, this.act);
    this.telling.answered(scene.tile);
    this.#follow(scene.jump);
    this.arrange();
    this.#prepare();
    this.panel.announce(this);
  }

  close() {
    this.#remember();
    this.telling.stop();
    this.player.close();
    this.resizing.disconnect();
    cancelAnimationFrame(this.#frame);
    this.controls.root.remove();
  }

  get shownSound() {
    return named(this.scene.sounds, this.view.sound);
  }

  get shownRelevance() {
    return named(this.scene.relevance, this.view.relevance) ?? null;
  }

  get places() {
    return this.stage.places(this.view, this.settings);
  }

  /** dB from and to, as chosen or as suits the clip. */
  get levels() {
    return this.settings.levels ?? this.scene.levels;
  }

  /** All that is to be drawn. */
  get shown() {
    return {
      view: this.view, settings: this.settings, theme: this.theme, sound: this.shownSound,
      levels: this.levels,
      relevance: this.shownRelevance, tile: this.telling.tileFor(this.shownSound, this.view),
      buffer: this.buffer, cursor: this.cursor, region: this.view.region, hover: this.hover,
      playing: this.player.playing,
    };
  }

  /** Another view, of which Python hears. */
  see(view) {
    this.view = { ...this.view, ...view };
    this.redraw();
    this.finished();
  }

  /** Other settings; they change the painted strips alone. */
  set(settings) {
    const { over } = this.settings;
    this.settings = { ...this.settings, ...settings };
    const same = over === "spectrogram" && this.settings.over === over;
    this.redraw(same ? SPECTROGRAM : PAINTED_KINDS);
  }

  /** Something was finished that Python should hear of. */
  finished() {
    this.telling.soon();
  }

  /** The strips change with what is shown. */
  arrange() {
    this.stage.arrange(this.scene, this.shownRelevance, this.scene.height);
    this.redraw();
  }

  /** Draw these kinds of strips in the next frame, and what lies over them. */
  redraw(kinds = EVERY_KIND) {
    this.#stale = (this.#stale ?? kinds) === kinds ? kinds : EVERY_KIND;
    this.remark();
  }

  /** Draw cursor, region and pointer in the next frame. */
  remark() {
    this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  /** The samples of a sound that is still chosen once they are there; null for another. */
  async samples() {
    const sound = this.shownSound;
    try {
      const buffer = await samplesOf(sound.file, this.scene.sampleRate);
      return sound === this.shownSound ? buffer : null;
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  #draw() {
    this.#frame = null;
    const position = this.player.position;
    if (position !== null) this.#moveWith(position);
    if (this.#stale) {
      this.stage.drawStrips(this.shown, this.#stale);
      this.#stale = null;
      this.panel.update(this.shown);
    }
    this.stage.drawMarks(this.shown);
    this.panel.time(this.cursor, this.view.seconds);
    this.panel.readout(this.#underPointer());
    if (this.player.playing) this.remark();
  }

  /** The cursor follows the sound, and the view the cursor when it runs out of sight. */
  #moveWith(position) {
    const { start, end } = this.view;
    const inSight = (seconds) => seconds >= start && seconds <= end;
    const before = this.cursor;
    this.cursor = Math.min(position, this.view.seconds);
    if (!inSight(before) || inSight(this.cursor)) return;
    const by = this.cursor - start - LEFT_OF_CURSOR * (end - start);
    this.view = panned(this.view, by);
    this.#stale = EVERY_KIND;
  }

  #underPointer() {
    if (!this.hover) return null;
    const { places } = this;
    const { top, height } = places.spectrogram;
    const seconds = places.seconds(this.hover.x);
    const { y } = this.hover;
    const name = stretchAt(this.hover, this)?.[2] ?? null;
    if (y < top || y > top + height) return { seconds, name };
    const hertz = places.hertz(y);
    const tile = this.telling.tileFor(this.shownSound, this.view);
    const within = tile && seconds >= tile.start && seconds < tile.end;
    const read = (layer) => {
      const cells = layer && this.pictures.cells(layer);
      return cells ? valueAt(layer, cells, seconds, hertz) : null;
    };
    const level = read(within ? tile : this.shownSound.spectrogram);
    return { seconds, name, hertz, level, relevance: read(this.shownRelevance?.grid) };
  }

  #open(scene) {
    this.player.stop();
    this.telling.forget();
    this.buffer = null;
    this.hover = null;
    this.stage.last = {};
    this.playsRegion = false;
    const memory = remembered(scene.key);
    if (memory) this.settings = memory.settings;
    const place = remembered(`${scene.key} ${scene.identity}`);
    this.view = place ? kept(place.view, scene) : newView(scene);
    this.cursor = place?.cursor ?? 0;
    if (place) this.telling.soon(); // Python forgets what is not on the page
    this.#jump = place?.jump ?? null;
  }

  #remember() {
    const { key, identity } = this.scene;
    remember(key, { settings: this.settings });
    remember(`${key} ${identity}`, { view: this.view, cursor: this.cursor, jump: this.#jump });
  }

  /** The page wants the cursor elsewhere, but says so again in every run. */
  #follow(jump) {
    if (jump !== this.#jump && jump !== null) this.act.jumpTo(jump);
    this.#jump = jump;
  }

  /** Samples make the waveform exact and the first sound prompt. */
  async #prepare() {
    const buffer = await this.samples();
    if (buffer && buffer !== this.buffer) {
      this.buffer = buffer;
      this.act.changed();
      this.redraw();
    }
  }

  #ended(how) {
    this.cursor = how.until === undefined ? this.view.seconds : this.view.region?.start ?? how.until;
    this.redraw();
    this.finished();
  }

  #resized() {
    if (!this.scene) return;
    this.stage.resize();
    this.redraw();
  }

  #failed(error) {
    this.panel.problem(
      `Part of the sound or the picture did not arrive: ${error.message}. Reload the page to try again.`,
    );
  }
}
