// Symbols of the buttons, 16 by 16.

const svg = (path, filled = false) =>
  `<svg viewBox="0 0 16 16" width="16" height="16" ${
    filled
      ? 'fill="currentColor"'
      : 'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"'
  }><path d="${path}"/></svg>`;

export const ICONS = {
  play: svg("M4 2.5v11l9-5.5z", true),
  pause: svg("M4 3h3v10H4zM9 3h3v10H9z", true),
  loop: svg("M11 2l2.5 2.5L11 7M13 4.5H5.5a3 3 0 0 0-3 3v.5M5 14l-2.500-2.500L5 9M3 11.500h7.500a3 3 0 0 0 3-3V8"),
  in: svg("M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8M10 10l4 4M7 5.200v3.600M5.200 7h3.600"),
  out: svg("M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8M10 10l4 4M5.200 7h3.600"),
  fit: svg("M2 3v10M14 3v10M4.500 8h7M6.500 6l-2 2 2 2M9.500 6l2 2-2 2"),
  frame: svg("M2.500 5.500v-3h3M10.500 2.500h3v3M13.500 10.500v3h-3M5.500 13.500h-3v-3"),
  cross: svg("M4 4l8 8M12 4l-8 8"),
  band: svg("M1.500 12.500h2.500c1.500 0 1.500-8 3-8h2c1.500 0 1.500 8 3 8h2.500"),
  help: svg("M5.800 5.800a2.200 2.200 0 1 1 3.200 2c-.7.4-1 .8-1 1.500v.3M8 12.200v.1M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13"),
};
