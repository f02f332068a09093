// Sound: one voice at a time, and any change of it is a short crossfade at the same position.

import { fetched } from "./layers.js";

const FADE = 0.012; // seconds: shorter joints click
const AHEAD = 0.008; // seconds between asking for a sound and its first sample
const MOST_SAMPLES = 60e6; // decoded and kept, of all sounds together
// Quality of the four sections of a Butterworth filter of order 8: 48 dB per octave.
const SECTIONS = [0.50979558, 0.60134489, 0.89997622, 2.5629154];

const decoded = new Map();
let sounding = null; // of all players of the page one at a time

/** A sound file as samples at `rate`; what was used least recently is forgotten. */
export async function samplesOf(address, rate) {
  const known = decoded.get(address) ?? decode(address, rate);
  decoded.delete(address);
  decoded.set(address, known);
  const buffer = await known.catch((error) => {
    decoded.delete(address);
    throw error;
  });
  await forgetOldest();
  return buffer;
}

async function decode(address, rate) {
  const file = await fetched(address);
  return new OfflineAudioContext(1, 1, rate).decodeAudioData(file);
}

async function forgetOldest() {
  const settled = await Promise.allSettled(decoded.values());
  const lengths = settled.map((one) => one.value?.length ?? 0);
  let total = lengths.reduce((sum, length) => sum + length, 0);
  const addresses = [...decoded.keys()];
  for (let i = 0; i < addresses.length - 1 && total > MOST_SAMPLES; i++) {
    total -= lengths[i] ?? 0;
    decoded.delete(addresses[i]);
  }
}

/** Frequencies below which and above which nothing is heard, as filters in a row. */
function bandFilters(context, band) {
  const nyquist = context.sampleRate / 2;
  const edges = [
    ["highpass", band.low, band.low > 1],
    ["lowpass", band.high, band.high < nyquist * 0.999],
  ];
  return edges.flatMap(([type, frequency, needed]) =>
    needed ? SECTIONS.map((quality) => section(context, type, frequency, quality)) : [],
  );
}

function section(context, type, frequency, quality) {
  // Quality of these two types is in decibels.
  return new BiquadFilterNode(context, { type, frequency, Q: 20 * Math.log10(quality) });
}

/** The position, or the loop's beginning where it lies outside. */
const withinLoop = (position, loop) =>
  loop && (position < loop.start || position >= loop.end) ? loop.start : position;

export class Player {
  #context = null;
  #voice = null;
  #closed = false;
  #on;

  /** @param on `ended` is called when a sound ends by itself, `interrupted` to make way for another */
  constructor(on) {
    this.#on = on;
  }

  /** Filters that let nothing but a band through. */
  filters(context, band) {
    return bandFilters(context, band);
  }

  get playing() {
    return this.#voice !== null;
  }

  /**
   * Play from a position, in place of what was playing.
   *
   * @param buffer samples
   * @param from seconds
   * @param how `rate`, and where there are any `loop` and `band` (a region) and `until` (seconds)
   */
  async play(buffer, from, how) {
    if (this.#closed) return;
    if (sounding !== this && sounding?.playing) sounding.#on.interrupted();
    sounding = this;
    const context = this.#ready(buffer.sampleRate);
    if (context.state !== "running") await context.resume();
    this.#start(buffer, from, how);
  }

  /** Another sound, speed, loop or band at the present position; nothing where none plays. */
  change(buffer, how) {
    if (this.playing) this.#start(buffer, this.#positionAt(this.#begin()), how);
  }

  stop() {
    const voice = this.#voice;
    this.#voice = null;
    if (voice) this.#fadeOut(voice, this.#context.currentTime);
  }

  close() {
    this.#closed = true;
    this.#silence();
  }

  /** The position that is heard now, in seconds; null where nothing plays. */
  get position() {
    return this.playing ? this.#positionAt(this.#heardTime()) : null;
  }

  #silence() {
    this.stop();
    this.#context?.close();
    this.#context = null;
  }

  #ready(rate) {
    if (this.#context?.sampleRate !== rate) {
      this.#silence();
      this.#context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    }
    return this.#context;
  }

  #begin() {
    return this.#context.currentTime + AHEAD;
  }

  #start(buffer, position, how) {
    const from = withinLoop(position, how.loop);
    const context = this.#context;
    const old = this.#voice;
    const begin = this.#begin();
    const source = new AudioBufferSourceNode(context, { buffer, playbackRate: how.rate });
    const gain = new GainNode(context, { gain: 0 });
    const filters = how.band ? bandFilters(context, how.band) : [];
    [source, ...filters, gain, context.destination].reduce((node, next) => node.connect(next));
    gain.gain.setValueAtTime(0, begin).linearRampToValueAtTime(1, begin + FADE);
    const voice = { source, gain, begin, from, rate: how.rate, length: buffer.duration, how };
    if (how.loop) {
      Object.assign(source, { loop: true, loopStart: how.loop.start, loopEnd: how.loop.end });
    }
    const last = how.until ?? buffer.duration;
    if (how.loop) source.start(begin, from);
    else {
      const end = begin + Math.max(last - from, 0) / how.rate;
      gain.gain.setValueAtTime(1, Math.max(end - FADE, begin + FADE));
      gain.gain.linearRampToValueAtTime(0, Math.max(end, begin + 2 * FADE));
      source.start(begin, from, Math.max(last - from, 0));
    }
    source.onended = () => this.#ended(voice);
    this.#voice = voice;
    if (old) this.#fadeOut(old, begin);
  }

  #fadeOut(voice, when) {
    voice.source.onended = null;
    voice.gain.gain.cancelScheduledValues(when);
    voice.gain.gain.setValueAtTime(1, when).linearRampToValueAtTime(0, when + FADE);
    voice.source.stop(when + FADE);
  }

  #ended(voice) {
    if (this.#voice !== voice) return;
    this.#voice = null;
    this.#on.ended(voice.how);
  }

  #positionAt(time) {
    const { from, begin, rate, how, length } = this.#voice;
    const position = from + Math.max(time - begin, 0) * rate;
    if (!how.loop) return Math.min(position, how.until ?? length);
    const { start, end } = how.loop;
    return position < end ? position : start + ((position - end) % (end - start));
  }

  /** The context's time of what leaves the loudspeaker now; its clock alone moves in steps. */
  #heardTime() {
    const now = this.#context.currentTime;
    const stamp = this.#context.getOutputTimestamp?.();
    if (!stamp?.contextTime) return now;
    const heard = stamp.contextTime + (performance.now() - stamp.performanceTime) / 1000;
    return Math.min(Math.max(heard, now - 0.3), now + AHEAD);
  }
}
