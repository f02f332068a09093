// What a viewer remembers while the page shows something else in its place for a moment.

const MOST_KEPT = 12;
const memories = new Map();

/** What was remembered under a name; null for nothing. */
export const remembered = (name) => memories.get(name) ?? null;

/** Remember something under a name; the oldest memories go. */
export function remember(name, what) {
  memories.delete(name);
  memories.set(name, what);
  for (const old of [...memories.keys()].slice(0, -MOST_KEPT)) memories.delete(old);
}
