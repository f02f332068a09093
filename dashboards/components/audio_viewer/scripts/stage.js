// The stage: two canvases, one for what changes with zoom and settings, one for cursor and region.

import {
  drawCurve, drawFrame, drawFrequencies, drawLane, drawName, drawOverview, drawPicture,
  drawTimes, smallOutline,
} from "./drawing.js";
import { drawCursor, drawHover, drawRegion } from "./marks.js";
import { levelPalette, mapName, relevancePalette } from "./palettes.js";
import { EVERY_KIND, HEADER, Places, bottomOf, stripsOf } from "./strips.js";
import { drawWaveform } from "./waveform.js";

const SHARP = 5; // pixels from which a cell of relevance is drawn with its edges

export class Stage {
  frames = { strips: 0, marks: 0 };

  /**
   * @param element what the canvases are put into
   * @param pictures where cells and outlines come from
   */
  constructor(element, pictures) {
    this.element = element;
    this.pictures = pictures;
    this.canvases = ["strips", "marks"].map((name) => {
      const canvas = document.createElement("canvas");
      canvas.className = name;
      element.append(canvas);
      return canvas;
    });
    this.last = {};
  }

  /** The strips of a scene, and as much room as they need. */
  arrange(scene, relevance, height) {
    this.scene = scene;
    this.strips = stripsOf(scene, relevance, height);
    this.resize();
  }

  resize() {
    const width = Math.max(this.element.clientWidth, 100);
    const height = bottomOf(this.strips);
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.width = width;
    this.element.style.height = `${height}px`;
    for (const canvas of this.canvases) {
      if (canvas.width === Math.round(width * ratio) && canvas.height === Math.round(height * ratio)) {
        continue;
      }
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.height = height;
  }

  places(view, settings) {
    return new Places(view, settings.scale, this.width, this.strips);
  }

  /**
   * @param shown `view`, `settings`, `theme`, `sound`, `relevance`, `tile`, `buffer`
   * @param kinds which strips to draw anew
   */
  drawStrips(shown, kinds = EVERY_KIND) {
    const brush = this.canvases[0].getContext("2d");
    const places = this.places(shown.view, shown.settings);
    if (kinds === EVERY_KIND) brush.clearRect(0, 0, this.width, this.height);
    for (const strip of this.strips.filter((one) => kinds.includes(one.kind))) {
      const above = strip.name ? HEADER : 0;
      brush.clearRect(0, strip.top - above, this.width, strip.height + above + 3);
      if (strip.name) drawName(brush, places, strip, shown.theme);
      this.#draw[strip.kind](brush, places, strip, shown);
      if (strip.kind !== "axis") drawFrame(brush, places, strip, shown.theme);
    }
    this.frames.strips += 1;
  }

  /** @param shown as for `drawStrips`, and `cursor`, `region`, `hover` */
  drawMarks(shown) {
    const brush = this.canvases[1].getContext("2d");
    const places = this.places(shown.view, shown.settings);
    brush.clearRect(0, 0, this.width, this.height);
    if (shown.region) drawRegion(brush, places, shown.region, shown.theme);
    if (shown.hover) drawHover(brush, places, shown.hover, shown.theme);
    drawCursor(brush, places, shown.cursor, shown.theme);
    this.frames.marks += 1;
  }

  #draw = {
    overview: (brush, places, strip, { theme }) =>
      drawOverview(brush, places, strip, this.#small(places, strip, theme), theme),
    lane: (brush, places, strip, { theme }) => drawLane(brush, places, strip, theme),
    waveform: (brush, places, strip, shown) => this.#waveform(brush, places, strip, shown),
    spectrogram: (brush, places, strip, shown) => this.#spectrogram(brush, places, strip, shown),
    overTime: (brush, places, strip, shown) => this.#overTime(brush, places, strip, shown),
    curve: (brush, places, strip, { theme }) =>
      drawCurve(brush, places, strip, strip.curve, theme.favour, theme),
    axis: (brush, places, strip, { theme }) => drawTimes(brush, places, strip, theme),
  };

  #small(places, strip, theme) {
    const outline = this.pictures.outline(this.scene.sounds[0].outline);
    if (!outline) return null;
    const { last } = this;
    if (last.small?.outline !== outline || last.small.width !== places.width || last.small.theme !== theme) {
      const size = [places.width, strip.height];
      const picture = smallOutline(outline, places.view.seconds, loudestOf(outline), ...size, theme);
      last.small = { outline, width: places.width, theme, picture };
    }
    return last.small.picture;
  }

  #waveform(brush, places, strip, shown) {
    const { relevance, settings, theme, sound, buffer } = shown;
    if (relevance && settings.over !== "spectrogram") {
      this.#relevance(brush, places, strip, relevance.overTime, shown, 1);
    }
    const loudest = loudestOf(this.pictures.outline(this.scene.sounds[0].outline));
    // While the outline of another sound is on its way, the last one stays.
    const outline = this.pictures.outline(sound.outline) ?? this.last.outline;
    this.last.outline = outline;
    drawWaveform(brush, places, { ...strip, loudest }, outline, buffer, theme);
  }

  #spectrogram(brush, places, strip, shown) {
    const { relevance, settings, sound, tile, theme } = shown;
    const over = relevance && settings.over !== "waveform" && settings.opacity > 0;
    const level = this.#level(sound.spectrogram, strip, places, shown, over);
    if (level) this.last.level = { layer: sound.spectrogram, picture: level };
    const fine = tile && this.#level(tile, strip, places, shown, over);
    const drawn = [this.last.level, fine && { layer: tile, picture: fine }];
    for (const { layer, picture } of drawn.filter(Boolean)) {
      drawPicture(brush, places, strip, layer, picture, { smooth: true });
    }
    if (over) this.#relevance(brush, places, strip, relevance.grid, shown, strip.height);
    drawFrequencies(brush, places, theme);
  }

  #level(layer, strip, places, { settings, levels, theme }, over) {
    const name = mapName(settings.colours, over);
    const looks = [levels, name, theme.dark];
    const palette = () => levelPalette(layer, name, levels, theme);
    return this.pictures.picture(layer, looks, palette, places.axis, strip.height);
  }

  #relevance(brush, places, strip, layer, { settings, theme }, height) {
    const looks = [settings.threshold, theme.dark];
    const palette = () => relevancePalette(layer, settings.threshold, theme);
    const picture = this.pictures.picture(layer, looks, palette, places.axis, height);
    if (!picture) return;
    const column = (layer.end - layer.start) / layer.columns;
    const smooth = column / places.secondsPerPixel < SHARP;
    drawPicture(brush, places, strip, layer, picture, { smooth, opacity: settings.opacity });
  }

  #overTime(brush, places, strip, { relevance, theme }) {
    const layer = relevance.overTime;
    const cells = this.pictures.cells(layer);
    if (!cells) return;
    const values = Float32Array.from(cells, (cell) => layer.lowest + cell * layer.step);
    const step = (layer.end - layer.start) / layer.columns;
    const above = layer.signed ? theme.favour : theme.strength;
    drawCurve(brush, places, strip, { values, start: layer.start, step }, above, theme);
  }
}

/** The largest amplitude and a little more, so that versions of a clip are drawn alike. */
function loudestOf(outline) {
  if (!outline) return 1;
  const lowest = outline.lowest.reduce((least, value) => Math.min(least, value), 0);
  const highest = outline.highest.reduce((most, value) => Math.max(most, value), 0);
  return Math.max(-lowest, highest, 0.01) * 1.06;
}
