// Colours of the page the viewer stands in, as Streamlit gives them.

const LIGHT = {
  wave: "#4a5866", favour: "#b40426", against: "#3b4cc0", strength: "#21817f", marked: "#7a3fb0",
};
const DARK = {
  wave: "#a9b6c3", favour: "#f4745c", against: "#7b9ff9", strength: "#4fc3b0", marked: "#c9a0f2",
};

/** What to draw with on this page. */
export function themeOf(element) {
  const style = getComputedStyle(element);
  const given = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const paper = given("--st-background-color", "#ffffff");
  const dark = lightness(paper) < 0.5;
  return {
    dark,
    paper,
    ink: given("--st-text-color", dark ? "#fafafa" : "#1b1f24"),
    panel: given("--st-secondary-background-color", dark ? "#262730" : "#f0f2f6"),
    font: given("--st-font", "sans-serif"),
    primary: given("--st-primary-color", "#ff4b4b"),
    faint: dark ? "rgba(255, 255, 255, 0.18)" : "rgba(0, 0, 0, 0.14)",
    quiet: dark ? "rgba(255, 255, 255, 0.62)" : "rgba(0, 0, 0, 0.62)",
    veil: dark ? "rgba(0, 0, 0, 0.55)" : "rgba(255, 255, 255, 0.6)",
    ...(dark ? DARK : LIGHT),
  };
}

/** Red, green and blue, 0 to 255, of any colour that CSS knows. */
export function channels(colour) {
  const brush = new OffscreenCanvas(1, 1).getContext("2d");
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

function lightness(colour) {
  const [red, green, blue] = channels(colour);
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}
