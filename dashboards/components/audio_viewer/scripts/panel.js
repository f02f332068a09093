// The controls as they should look now.

import { hertzText, secondsText } from "./axes.js";
import { icon, make } from "./controls.js";
import { levelColour, mapName, relevanceColour } from "./palettes.js";
import { shortNumber } from "./drawing.js";

const nameOf = ({ name }) => name;
const known = (value) => value !== null && value !== undefined;
const percent = (share) => `${Math.round(100 * share)} %`;

export class Panel {
  #shownTime = "";
  #last = [];
  #offered = "";

  /** @param controls what `controlsFor` made */
  constructor(controls) {
    this.controls = controls;
  }

  /** Buttons for the sounds and choices of relevance that a scene has. */
  offer(scene, act) {
    const { sounds, relevance, ofRelevance } = this.controls;
    const offered = JSON.stringify([scene.sounds, scene.relevance].map((list) => list.map(nameOf)));
    if (offered === this.#offered) return; // who stands on a button goes on standing there
    this.#offered = offered;
    sounds.replaceChildren(
      ...scene.sounds.map((sound, number) =>
        make(
          "button",
          {
            type: "button", class: "wide", "data-sound": sound.name, "aria-pressed": "false",
            title: number < 9 ? `${sound.name} (${number + 1})` : sound.name,
            onclick: () => act.choose(sound.name),
            onpointerenter: () => act.fetchAhead(sound.name),
          },
          make("span", { class: "key", "aria-hidden": "true" }, number < 9 ? String(number + 1) : ""),
          sound.name,
        ),
      ),
    );
    sounds.hidden = scene.sounds.length < 2;
    const names = scene.relevance.map((one) => one.name);
    const choices = [...names.map((name) => [name, name]), ["", "none"]];
    relevance.replaceChildren(
      ...choices.map(([value, text]) => make("option", { value }, text)),
    );
    ofRelevance.hidden = names.length === 0;
  }

  /** @param shown as the stage gets it, and `playing` */
  update(shown) {
    const { controls } = this;
    const { settings, view, relevance, playing, theme } = shown;
    const now = [
      settings, ...shown.levels, view.region, view.sound, relevance, playing, theme, this.#offered,
    ];
    if (now.every((part, i) => part === this.#last[i])) return;
    this.#last = now;
    for (const button of controls.sounds.children) {
      pressed(button, button.dataset.sound === view.sound);
    }
    pressed(controls.loop, settings.loop);
    pressed(controls.band, settings.band);
    this.#play(playing);
    controls.relevance.value = relevance?.name ?? "";
    for (const name of ["over", "opacity", "threshold", "scale", "colours", "rate"]) {
      shows(controls[name], settings[name]);
    }
    shows(controls.floor, shown.levels[0]);
    shows(controls.ceiling, shown.levels[1]);
    controls.opacityText.textContent = percent(settings.opacity);
    controls.thresholdText.textContent = percent(settings.threshold);
    this.#region(view.region);
    for (const input of [controls.over, controls.opacity, controls.threshold]) {
      input.disabled = !relevance;
    }
    this.#legends(shown, theme);
  }

  #play(playing) {
    const { play } = this.controls;
    const label = playing ? "Pause" : "Play";
    if (play.getAttribute("aria-label") === label) return;
    play.setAttribute("aria-label", label);
    play.title = `${label} (Space)`;
    play.replaceChildren(icon(playing ? "pause" : "play"));
  }

  #region(region) {
    const { controls } = this;
    const texts = {
      start: region ? region.start.toFixed(3) : "",
      end: region ? region.end.toFixed(3) : "",
      low: region ? region.low.toFixed(0) : "",
      high: region ? region.high.toFixed(0) : "",
    };
    for (const [name, text] of Object.entries(texts)) {
      shows(controls[name], text);
    }
    for (const name of ["playRegion", "band", "zoomRegion", "clear"]) {
      controls[name].disabled = !region;
    }
  }

  /** The cursor's time; called in every frame. */
  time(cursor, seconds) {
    const text = `${secondsText(cursor, 3)} / ${secondsText(seconds, 2)} s`;
    if (text === this.#shownTime) return;
    this.#shownTime = text;
    this.controls.time.textContent = text;
  }

  /** What lies under the pointer. */
  readout(found) {
    const parts = found
      ? [
          `${secondsText(found.seconds, 3)} s`,
          found.name,
          known(found.hertz) && hertzText(found.hertz),
          known(found.level) && `${minus(Math.round(found.level))} dB`,
          known(found.relevance) && `relevance ${shortNumber(found.relevance)}`,
        ]
      : [];
    this.controls.readout.textContent = parts.filter(Boolean).join(" · ");
  }

  /** Cursor, sound and region in words, for who listens. */
  announce({ view, cursor }) {
    const { stage, live } = this.controls;
    const { region } = view;
    const place = `Cursor at ${secondsText(cursor)} s.`;
    const where = region
      ? ` Region from ${secondsText(region.start)} to ${secondsText(region.end)} s and from ` +
        `${hertzText(region.low)} to ${hertzText(region.high)}.`
      : " No region.";
    stage.setAttribute("aria-valuemax", view.seconds.toFixed(2));
    stage.setAttribute("aria-valuenow", cursor.toFixed(2));
    stage.setAttribute("aria-valuetext", `${secondsText(cursor)} s`);
    const seen = ` Visible from ${secondsText(view.start)} to ${secondsText(view.end)} s.`;
    const text = `${place} Sound: ${view.sound}.${where}${seen}`;
    if (live.textContent !== text) live.textContent = text;
  }

  problem(text) {
    const { problem } = this.controls;
    problem.textContent = text;
    problem.hidden = !text;
  }

  #legends({ settings, levels, relevance, theme }) {
    const { levelLegend, relevanceLegend } = this.controls;
    const [floor, ceiling] = levels;
    const over = relevance && settings.over !== "waveform" && settings.opacity > 0;
    const level = levelColour(mapName(settings.colours, over), levels, theme);
    gradient(levelLegend, (share) => [...level(floor + share * (ceiling - floor)), 1]);
    ends(levelLegend, minus(floor), `${minus(ceiling)} dB`);
    if (!relevance) return;
    const { signed, largest } = relevance.grid;
    const colour = relevanceColour(signed, settings.threshold, theme);
    gradient(relevanceLegend, (share) => {
      const [red, green, blue, alpha] = colour(signed ? 2 * share - 1 : share);
      return [red, green, blue, alpha * settings.opacity];
    });
    const most = shortNumber(largest);
    ends(relevanceLegend, signed ? `against −${most}` : "0", signed ? `${most} for` : most);
    relevanceLegend.parentElement.title = `Relevance for ${relevance.target}`;
  }
}

/** What the ends of a legend mean, on either side of it. */
function ends(legend, low, high) {
  legend.previousElementSibling.textContent = low;
  legend.nextElementSibling.textContent = high;
}

/** An input shows a value, unless somebody is at it. */
function shows(input, value) {
  const atIt = input.getRootNode().activeElement === input && input.type === "number";
  if (!atIt && input.value !== String(value)) input.value = value;
}

function pressed(button, is) {
  button.setAttribute("aria-pressed", String(is));
}

const minus = (number) => String(number).replace("-", "−");

/** A bar one pixel high, which the style stretches. */
function gradient(canvas, colour) {
  const brush = canvas.getContext("2d");
  const image = brush.createImageData(canvas.width, 1);
  for (let x = 0; x < canvas.width; x++) {
    const [red, green, blue, alpha] = colour(x / (canvas.width - 1));
    image.data.set([red, green, blue, 255 * alpha], 4 * x);
  }
  brush.putImageData(image, 0, 0);
}
