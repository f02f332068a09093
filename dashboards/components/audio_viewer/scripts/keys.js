// The keyboard: one letter or sign for everything that is done often.

const STEP = 0.01; // of what is visible, for an arrow key
const FAR = 0.1; // with Shift
const PAN = 0.2; // of what is visible, for A and D

/** Listen for keys within the viewer; `act` holds what they do. */
export function listenForKeys(root, act) {
  // Where the focus is matters to who uses keys; a mouse shows by itself where it is.
  root.addEventListener("pointerdown", () => root.classList.remove("by-keys"), true);
  root.addEventListener("keyup", () => root.classList.add("by-keys"), true);
  // After a click the keys are those of the stage: Space plays and does not click again.
  root.addEventListener("click", (event) => {
    const byMouse = event.detail > 0 && event.composedPath()[0].closest(".row button");
    if (byMouse) root.querySelector(".stage").focus({ preventScroll: true });
  });
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.composedPath()[0].matches("input, select");
    // Outside the viewer nobody can see that somebody types, and the page has keys of its own.
    if (typing) event.stopPropagation();
    if (typing && event.key !== "Escape") return;
    const action = actionFor(event, act);
    if (!action) return;
    action();
    event.preventDefault();
    event.stopPropagation();
  });
}

function actionFor(event, act) {
  const { key, shiftKey } = event;
  const onButton = event.composedPath()[0].matches("button");
  if (onButton && (key === " " || key === "Enter")) return null;
  if (/^[1-9]$/.test(key)) return () => act.chooseNumber(Number(key));
  const share = shiftKey ? FAR : STEP;
  return {
    Escape: act.escape,
    "?": act.help,
    " ": act.play,
    Enter: act.playRegion,
    ArrowLeft: () => act.moveCursor(-share),
    ArrowRight: () => act.moveCursor(share),
    Home: act.toBeginning,
    End: act.toEnd,
    "+": act.zoomIn,
    "=": act.zoomIn,
    "-": act.zoomOut,
    "−": act.zoomOut,
    0: act.fit,
    w: act.zoomIn,
    s: act.zoomOut,
    a: () => act.panShare(-PAN),
    d: () => act.panShare(PAN),
    l: act.loop,
    b: act.band,
    z: act.zoomRegion,
    "[": act.beginRegion,
    "]": act.endRegion,
  }[key.length === 1 ? key.toLowerCase() : key];
}
