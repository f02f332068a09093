// Mouse, pen, finger and wheel on the stage.

import { clamp } from "./axes.js";
import { regionBetween } from "./view.js";

const STILL = 4; // pixels: less is a click
const REACH = 7; // pixels around an edge that can be held
const NOTCH = 0.0016; // zoom per pixel of wheel

/**
 * Listen on the stage.
 *
 * @param element the stage
 * @param viewer gives `places`, `view`, `settings`; `act` holds what is done
 */
export function listenForPointer(element, viewer, act) {
  let gesture = null;

  element.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    const point = pointOf(event, element);
    gesture = gestureAt(point, event.button === 1, viewer, act);
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => {
    const point = pointOf(event, element);
    element.style.cursor = cursorAt(point, viewer);
    act.hover(point.x >= viewer.places.left && point.x <= viewer.places.right ? point : null);
    gesture?.move(point);
  });
  element.addEventListener("pointerup", (event) => {
    gesture?.end(pointOf(event, element));
    gesture = null;
  });
  element.addEventListener("pointercancel", () => {
    gesture?.cancel?.();
    gesture = null;
  });
  element.addEventListener("pointerleave", () => act.hover(null));
  element.addEventListener("dblclick", (event) => act.doubleClick(pointOf(event, element)));
  element.addEventListener("wheel", (event) => turned(event, element, viewer, act), {
    passive: false,
  });
}

function pointOf(event, element) {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function gestureAt(point, middleButton, viewer, act) {
  const { kind } = viewer.places.stripAt(point.y);
  if (kind === "overview") return moving(point, viewer, act, overviewMove(viewer));
  if (kind === "axis" || middleButton) return moving(point, viewer, act, axisMove(viewer, point));
  const edges = edgesAt(point, viewer);
  return edges ? changing(edges, viewer, act) : drawing(point, kind, viewer, act);
}

/** Moving what is visible; a click sets the cursor. */
function moving(origin, viewer, act, startOf) {
  let moved = false;
  return {
    move(point) {
      moved ||= Math.abs(point.x - origin.x) > STILL;
      if (moved) act.showFrom(startOf(point));
    },
    end(point) {
      if (!moved) act.clickMoving(point);
    },
  };
}

function overviewMove(viewer) {
  return (point) => {
    const { view, places } = viewer;
    return places.overviewSeconds(point.x) - (view.end - view.start) / 2;
  };
}

function axisMove(viewer, origin) {
  const { start } = viewer.view;
  const perPixel = viewer.places.secondsPerPixel;
  return (point) => start - (point.x - origin.x) * perPixel;
}

/** Drawing a new region; without moving, setting the cursor. */
function drawing(origin, kind, viewer, act) {
  const before = viewer.view.region;
  let moved = false;
  const corner = (point) => cornerAt(point, kind, viewer.places);
  return {
    move(point) {
      moved ||= Math.hypot(point.x - origin.x, point.y - origin.y) > STILL;
      if (moved) act.draw(spanned(corner(origin), corner(point), kind, viewer.view));
    },
    end(point) {
      const stretch = stretchAt(point, viewer);
      if (moved) act.drawn();
      else if (stretch) act.pick(stretch);
      else act.setCursor(viewer.places.seconds(point.x));
    },
    cancel() {
      act.draw(before);
      act.drawn();
    },
  };
}

/** The named stretch of a lane under a point: start, end, name; null where there is none. */
export function stretchAt({ x, y }, { places }) {
  const { lane, top, height } = places.stripAt(y);
  if (!lane || y < top || y > top + height) return null;
  const seconds = places.seconds(x);
  return lane.stretches.findLast(([start, end]) => start <= seconds && seconds < end) ?? null;
}

function cornerAt({ x, y }, kind, places) {
  const { top, height } = places.spectrogram;
  return {
    seconds: places.seconds(clamp(x, places.left, places.right)),
    hertz: places.hertz(clamp(y, top, top + height)),
  };
}

/** Outside the spectrogram a region reaches over all frequencies. */
function spanned(one, other, kind, view) {
  if (kind === "spectrogram") return regionBetween(view, one, other);
  return regionBetween(view, { ...one, hertz: 0 }, { ...other, hertz: view.nyquist });
}

/** Moving the edges of the region that were taken hold of. */
function changing(edges, viewer, act) {
  const before = viewer.view.region;
  const corner = (point) => cornerAt(point, "spectrogram", viewer.places);
  return {
    move(point) {
      const { seconds, hertz } = corner(point);
      const changed = { ...before };
      if (edges.time) changed[edges.time] = seconds;
      if (edges.frequency) changed[edges.frequency] = hertz;
      const one = { seconds: changed.start, hertz: changed.low };
      act.draw(regionBetween(viewer.view, one, { seconds: changed.end, hertz: changed.high }));
    },
    end: () => act.drawn(),
    cancel() {
      act.draw(before);
      act.drawn();
    },
  };
}

/** Which edges of the region a point can take hold of; null for none. */
export function edgesAt({ x, y }, { places, view }) {
  const { region } = view;
  if (!region) return null;
  const { top, height } = places.spectrogram;
  const [left, right] = [places.x(region.start), places.x(region.end)];
  const [high, low] = [Math.max(places.y(region.high), top), Math.min(places.y(region.low), top + height)];
  const inSpectrogram = y >= top - REACH && y <= top + height + REACH;
  const beside = inSpectrogram && y >= high - REACH && y <= low + REACH;
  const elsewhere = ["waveform", "overTime", "curve"].includes(places.stripAt(y).kind);
  const nearer = Math.abs(x - left) < Math.abs(x - right) ? "start" : "end";
  const onSide = Math.min(Math.abs(x - left), Math.abs(x - right)) <= REACH;
  const within = x >= left - REACH && x <= right + REACH;
  const nearerLevel = Math.abs(y - high) < Math.abs(y - low) ? "high" : "low";
  const onLevel = Math.min(Math.abs(y - high), Math.abs(y - low)) <= REACH;
  const time = onSide && (beside || elsewhere) ? nearer : null;
  const frequency = inSpectrogram && within && onLevel ? nearerLevel : null;
  return time || frequency ? { time, frequency } : null;
}

function cursorAt(point, viewer) {
  const { kind } = viewer.places.stripAt(point.y);
  if (kind === "overview" || kind === "axis") return "grab";
  const edges = edgesAt(point, viewer);
  if (!edges) return stretchAt(point, viewer) ? "pointer" : "crosshair";
  if (!edges.frequency) return "ew-resize";
  if (!edges.time) return "ns-resize";
  return (edges.time === "start") === (edges.frequency === "high") ? "nwse-resize" : "nesw-resize";
}

function turned(event, element, viewer, act) {
  const point = pointOf(event, element);
  const lines = event.deltaMode === 1 ? 16 : 1;
  const [across, along] = [event.deltaX * lines, event.deltaY * lines];
  if (event.ctrlKey || event.metaKey) {
    act.zoomTime(Math.exp(along * NOTCH), viewer.places.seconds(point.x));
  } else if (event.altKey) {
    act.zoomFrequency(Math.exp(along * NOTCH), viewer.places.hertz(point.y));
  } else if (event.shiftKey || Math.abs(across) > Math.abs(along)) {
    act.panPixels(event.shiftKey && across === 0 ? along : across);
  } else {
    act.hintAtZoom(); // the page scrolls
    return;
  }
  event.preventDefault();
}
