/**
 * An immutable map whose changed copies share most of what they hold: layers of changes, each more than twice as large as the
 * one above it. A change costs a logarithm of the size at most, on average, in a table of a million files as in one of ten.
 */
export interface LayeredMap<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** A copy with these keys set, or removed where the value is undefined. */
  with(changes: Iterable<readonly [string, V | undefined]>): LayeredMap<V>;
  /** In order of their last change. */
  values(): Generator<V>;
  entries(): Generator<[string, V]>;
}

/** What is undefined here is removed from the layers below. */
type Layer<V> = ReadonlyMap<string, V | undefined>;

export function layeredMap<V>(entries: Iterable<readonly [string, V]> = []): LayeredMap<V> {
  const bottom = new Map(entries);
  return layered(bottom.size === 0 ? [] : [bottom], bottom.size);
}

function layered<V>(layers: readonly Layer<V>[], size: number): LayeredMap<V> {
  function get(key: string): V | undefined {
    for (let i = layers.length - 1; i >= 0; i--) {
      const layer = layers[i] as Layer<V>;
      const value = layer.get(key);
      if (value !== undefined || layer.has(key)) return value;
    }
    return undefined;
  }

  function* entries(): Generator<[string, V]> {
    for (const [i, layer] of layers.entries()) {
      const above = layers.slice(i + 1);
      for (const [key, value] of layer)
        if (value !== undefined && !above.some((other) => other.has(key))) yield [key, value];
    }
  }

  return {
    size,
    get,
    has: (key) => get(key) !== undefined,
    with(changes) {
      const top = new Map<string, V | undefined>();
      let nextSize = size;
      for (const [key, value] of changes) {
        const again = top.has(key);
        const before = again ? top.get(key) : get(key);
        nextSize += Number(value !== undefined) - Number(before !== undefined);
        // Set again it would keep its place, and entries come in order of their last change.
        if (again) top.delete(key);
        if (value !== undefined || layers.length > 0) top.set(key, value);
      }
      return layered(settled(layers, top), nextSize);
    },
    *values() {
      for (const [, value] of entries()) yield value;
    },
    entries,
  };
}

/** With another layer on top, joined with those below it that are not more than twice as large. */
function settled<V>(layers: readonly Layer<V>[], top: Layer<V>): Layer<V>[] {
  const below = [...layers];
  let joined = top;
  while ((below.at(-1)?.size ?? Number.POSITIVE_INFINITY) <= 2 * joined.size) {
    const copy = new Map(below.pop());
    for (const [key, value] of joined) {
      copy.delete(key);
      if (value !== undefined || below.length > 0) copy.set(key, value);
    }
    joined = copy;
  }
  return joined.size === 0 ? below : [...below, joined];
}
