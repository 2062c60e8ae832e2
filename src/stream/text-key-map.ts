import type { KeyMap } from "./integer-key-map.ts";

const MAPS = 64;

/** Keys of any other type, by their text. Several maps, for one holds 2^24 entries at most and copies them to grow. */
export function textKeyMap(): KeyMap<string> {
  const maps = Array.from({ length: MAPS }, () => new Map<string, number>());
  let size = 0;
  const mapOf = (key: string) => maps[hashOf(key) % MAPS] as Map<string, number>;
  return {
    get size() {
      return size;
    },
    find: (key) => mapOf(key).get(key) ?? -1,
    findOrAdd(key) {
      const map = mapOf(key);
      const found = map.get(key);
      if (found !== undefined) return found;
      map.set(key, size);
      return size++;
    },
  };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
