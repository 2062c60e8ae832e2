const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN = new Set([91, 123]);
const CLOSE = new Set([93, 125]);

/** The source of the members with some names, in the order of the names; of equal members the last counts. */
export type MemberReader = (text: string) => (string | undefined)[];

/**
 * Reads members of JSON objects, whose text must be valid, without losing how their values are written. Objects in a
 * row tend to have their members in the same order: which name follows another is guessed from the last time.
 */
export function memberReader(names: readonly string[]): MemberReader {
  const numbers = new Map(names.map((name, i) => [name, i]));
  const heads = names.map((name) => `${JSON.stringify(name)}:`);
  /** By the number of a name that of the one seen behind it; the last entry is the first name. */
  const follows = names.map((_, i) => i + 1);
  follows.push(0);
  return (text) => {
    const sources: (string | undefined)[] = names.map(() => undefined);
    let last = names.length;
    let at = skipSpace(text, text.indexOf("{") + 1);
    while (text.charCodeAt(at) === QUOTE) {
      const guessed = follows[last] as number;
      const head = heads[guessed];
      let found: number | undefined;
      let start: number;
      if (head !== undefined && text.startsWith(head, at)) {
        found = guessed;
        start = skipSpace(text, at + head.length);
      } else {
        const nameEnd = endOfString(text, at);
        found = numbers.get(stringText(text.slice(at, nameEnd)));
        start = skipSpace(text, skipSpace(text, nameEnd) + 1);
        if (found !== undefined) follows[last] = found;
      }
      const end = endOfValue(text, start);
      if (found !== undefined) {
        sources[found] = text.slice(start, end);
        last = found;
      }
      at = skipSpace(text, end);
      if (text.charCodeAt(at) !== COMMA) break;
      at = skipSpace(text, at + 1);
    }
    return sources;
  };
}

/** A value as the SQL sees it: text of a string, numbers as they are written, null for null, the rest as compact JSON. */
export function fieldText(source: string | undefined): string | null {
  if (source === undefined || source === "null") return null;
  if (source.startsWith('"')) return stringText(source);
  return isNested(source) ? compact(source) : source;
}

/** The same as a JSON string, or null. */
export function fieldJson(source: string | undefined): string {
  if (source === undefined) return "null";
  if (source.startsWith('"') || source === "null") return source;
  return isNested(source) ? JSON.stringify(compact(source)) : `"${source}"`;
}

const isNested = (source: string): boolean => source.startsWith("{") || source.startsWith("[");

/** What a JSON string says; few have escapes, and then its text is what stands between the quotes. */
const stringText = (source: string): string =>
  source.includes("\\") ? (JSON.parse(source) as string) : source.slice(1, -1);

/** JSON without white space between its tokens. */
function compact(source: string): string {
  let text = "";
  for (let at = 0; at < source.length; ) {
    if (source.charCodeAt(at) === QUOTE) {
      const end = endOfString(source, at);
      text += source.slice(at, end);
      at = end;
    } else {
      if (!isSpace(source.charCodeAt(at))) text += source[at];
      at++;
    }
  }
  return text;
}

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

function skipSpace(text: string, at: number): number {
  let end = at;
  while (isSpace(text.charCodeAt(end))) end++;
  return end;
}

/** The index behind the string that starts at `at`. */
function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text.charCodeAt(escapes - 1) === BACKSLASH) escapes--;
    if ((end - escapes) % 2 === 0) return end + 1;
  }
}

function endOfValue(text: string, start: number): number {
  if (text.charCodeAt(start) === QUOTE) return endOfString(text, start);
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (OPEN.has(code)) depth++;
    else if (CLOSE.has(code)) {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (code === COMMA || code === COLON || isSpace(code))) return at;
  }
  return text.length;
}
