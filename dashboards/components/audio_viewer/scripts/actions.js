// All that can be done in a viewer, by button, key or mouse.

import { clamp } from "./axes.js";
import { samplesOf } from "./player.js";
import { PAINTED_KINDS } from "./strips.js";
import {
  fitted, panned, regionBetween, seen, withSound, zoomedFrequency, zoomedTime,
} from "./view.js";

const ZOOM = 0.6; // of the width, for one press
const HINT = 1300; // milliseconds

export function actionsOf(viewer) {
  return { ...playing(viewer), ...seeing(viewer), ...marking(viewer), ...choosing(viewer) };
}

/** How the present sound is to be played. */
function how(viewer, buffer) {
  const { settings, view } = viewer;
  const region = view.region;
  const span = region ?? { start: view.start, end: view.end };
  const end = Math.min(span.end, buffer.duration);
  const loop = settings.loop && span.start < end ? { start: span.start, end } : null;
  const until = viewer.playsRegion && region && !loop ? { until: end } : {};
  return { rate: settings.rate, loop, band: settings.band ? region : null, ...until };
}

function playing(viewer) {
  const start = async (from) => {
    const buffer = await viewer.samples();
    if (!buffer) return;
    viewer.buffer = buffer;
    await viewer.player.play(buffer, Math.min(from, buffer.duration), how(viewer, buffer));
    viewer.cursor = viewer.player.position ?? viewer.cursor;
    viewer.act.reveal();
    viewer.redraw();
  };
  const pause = () => {
    viewer.cursor = viewer.player.position ?? viewer.cursor;
    viewer.player.stop();
    viewer.redraw();
    viewer.finished();
  };
  const change = () => {
    if (viewer.player.playing) viewer.player.change(viewer.buffer, how(viewer, viewer.buffer));
    viewer.redraw(PAINTED_KINDS);
  };
  return {
    play() {
      if (viewer.player.playing) return pause();
      viewer.playsRegion = false;
      const atEnd = viewer.cursor >= viewer.view.seconds - 0.01;
      return start(atEnd ? 0 : viewer.cursor);
    },
    playRegion() {
      const { region } = viewer.view;
      if (!region) return viewer.act.play();
      viewer.playsRegion = true;
      return start(region.start);
    },
    loop() {
      viewer.set({ loop: !viewer.settings.loop });
      change();
    },
    band() {
      viewer.set({ band: !viewer.settings.band });
      change();
    },
    setting(name, value) {
      viewer.set({ [name]: value });
      if (name === "rate") change();
    },
    floor: (value) => viewer.set({ levels: [value, Math.max(viewer.levels[1], value + 10)] }),
    ceiling: (value) => viewer.set({ levels: [Math.min(viewer.levels[0], value - 10), value] }),
    /** Another version of the clip, from the very position that is heard. */
    async choose(name) {
      const before = viewer.view.relevance;
      viewer.see(withSound(viewer.view, viewer.scene, name));
      if (viewer.view.relevance !== before) viewer.arrange();
      const buffer = await viewer.samples();
      if (!buffer) return;
      viewer.buffer = buffer;
      change();
    },
    fetchAhead(name) {
      const sound = viewer.scene.sounds.find((one) => one.name === name);
      samplesOf(sound.file, viewer.scene.sampleRate).catch(() => {});
    },
    /** Go on playing from the cursor, after it was moved. */
    resume() {
      if (viewer.player.playing) start(viewer.cursor);
    },
    changed: change,
  };
}

function seeing(viewer) {
  const zoom = (factor) => {
    const { view, cursor } = viewer;
    const seenCursor = cursor >= view.start && cursor <= view.end;
    viewer.see(zoomedTime(view, factor, seenCursor ? cursor : (view.start + view.end) / 2));
  };
  return {
    zoomIn: () => zoom(ZOOM),
    zoomOut: () => zoom(1 / ZOOM),
    zoomTime: (factor, at) => viewer.see(zoomedTime(viewer.view, factor, at)),
    zoomFrequency: (factor, hertz) =>
      viewer.see(zoomedFrequency(viewer.view, factor, hertz, viewer.settings.scale)),
    fit: () => viewer.see(fitted(viewer.view)),
    showFrom: (start) => viewer.see(panned(viewer.view, start - viewer.view.start)),
    panShare: (share) =>
      viewer.see(panned(viewer.view, share * (viewer.view.end - viewer.view.start))),
    panPixels: (pixels) =>
      viewer.see(panned(viewer.view, pixels * viewer.places.secondsPerPixel)),
    zoomRegion() {
      const { region } = viewer.view;
      if (!region) return;
      const room = (region.end - region.start) * 0.1;
      viewer.see(seen(viewer.view, region.start - room, region.end + room));
    },
    doubleClick() {
      const { view } = viewer;
      const zoomedIn = view.end - view.start < view.seconds * 0.999 || view.low > 0;
      if (view.region && !zoomedIn) viewer.act.zoomRegion();
      else viewer.act.fit();
    },
    hintAtZoom() {
      const { hint } = viewer.controls;
      hint.classList.add("seen");
      clearTimeout(viewer.hinting);
      viewer.hinting = setTimeout(() => hint.classList.remove("seen"), HINT);
    },
  };
}

function marking(viewer) {
  const setCursor = (seconds) => {
    viewer.cursor = clamp(seconds, 0, viewer.view.seconds);
    viewer.playsRegion = false;
    viewer.remark();
    viewer.finished();
    viewer.act.resume();
  };
  /** Keep the cursor in sight. */
  const reveal = () => {
    const { view, cursor } = viewer;
    const width = view.end - view.start;
    if (cursor < view.start || cursor > view.end) {
      viewer.see(panned(view, cursor - view.start - width / 2));
    }
  };
  const setRegion = (region) => {
    viewer.see({ region });
    viewer.act.changed();
  };
  const edge = (name, other) => {
    const { view, cursor } = viewer;
    const { start, end, low, high } = view.region ?? { start: 0, end: view.seconds, low: 0, high: view.nyquist };
    const edges = { start, end, [name]: cursor };
    if (edges.start >= edges.end) edges[other] = name === "start" ? view.seconds : 0;
    setRegion(
      regionBetween(view, { seconds: edges.start, hertz: low }, { seconds: edges.end, hertz: high }),
    );
  };
  return {
    setCursor,
    reveal,
    clickMoving(point) {
      const { places } = viewer;
      const small = places.stripAt(point.y).kind === "overview";
      setCursor(small ? places.overviewSeconds(point.x) : places.seconds(point.x));
      reveal();
    },
    jumpTo(seconds) {
      setCursor(seconds);
      reveal();
    },
    moveCursor(share) {
      const { view } = viewer;
      viewer.act.jumpTo(viewer.cursor + share * (view.end - view.start));
    },
    toBeginning: () => viewer.act.jumpTo(0),
    toEnd: () => viewer.act.jumpTo(viewer.view.seconds),
    draw(region) {
      viewer.drawing = true;
      viewer.view = { ...viewer.view, region };
      viewer.redraw();
    },
    drawn() {
      viewer.drawing = false;
      const { region } = viewer.view;
      if (region && !viewer.player.playing) viewer.cursor = region.start;
      viewer.act.changed();
      viewer.finished();
    },
    /** A named stretch becomes the region, over all frequencies. */
    pick([start, end]) {
      const { view } = viewer;
      const first = { seconds: start, hertz: 0 };
      const region = regionBetween(view, first, { seconds: end, hertz: view.nyquist });
      viewer.view = { ...view, region };
      viewer.act.drawn();
    },
    clear: () => setRegion(null),
    escape: () => (viewer.help.isOpen() ? viewer.help.hide() : setRegion(null)),
    beginRegion: () => edge("start", "end"),
    endRegion: () => edge("end", "start"),
    /** The region as typed; nothing while an edge is missing. */
    typed() {
      const { controls, view } = viewer;
      const [start, end] = [controls.start, controls.end].map((input) => input.valueAsNumber);
      if (!(start < end)) return;
      const low = controls.low.value === "" ? 0 : controls.low.valueAsNumber;
      const high = controls.high.value === "" ? view.nyquist : controls.high.valueAsNumber;
      const region = regionBetween(view, { seconds: start, hertz: low }, { seconds: end, hertz: high });
      if (region) setRegion(region);
    },
    hover(point) {
      viewer.hover = point;
      viewer.remark();
    },
  };
}

function choosing(viewer) {
  return {
    chooseNumber(number) {
      const sound = viewer.scene.sounds[number - 1];
      if (sound) viewer.act.choose(sound.name);
    },
    relevance(name) {
      viewer.view = { ...viewer.view, relevance: name || null };
      viewer.arrange();
    },
    help: () => viewer.help.toggle(),
  };
}
