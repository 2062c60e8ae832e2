/** Where the members of an object stand in its text: the source of each value, by key; of equal keys the last counts. */
export type Members = ReadonlyMap<string, string>;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN = new Set([91, 123]);
const CLOSE = new Set([93, 125]);

/** The members of a JSON object, whose text must be valid, in order, without losing how their values are written. */
export function* eachMember(text: string): Generator<readonly [key: string, source: string]> {
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    yield [stringText(text.slice(at, keyEnd)), text.slice(start, end)];
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
}

export function membersOf(text: string): Members {
  return new Map(eachMember(text));
}

/** A value as the SQL sees it: text of a string, numbers as they are written, null for null, the rest as compact JSON. */
export function fieldText(source: string | undefined): string | null {
  if (source === undefined || source === "null") return null;
  if (source.startsWith('"')) return stringText(source);
  return source.startsWith("{") || source.startsWith("[") ? compact(source) : source;
}

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
