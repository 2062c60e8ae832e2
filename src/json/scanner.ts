import { readFileSync } from "node:fs";

/** The part of the standard's that is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What `assembly/index.ts` exports. Addresses are of its memory; 0 says that there is no such thing at `at`. */
interface Wasm {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  string(at: number): number;
  member(at: number): number;
  value(at: number, depth: number): number;
  lines(at: number, end: number): number;
  anyRespelled(): number;
  compact(at: number, end: number, into: number): number;
}

/** Where each cell lies and what each bit means, as the scanner itself says. */
const CONSTANTS = [
  "ESCAPED",
  "FAILED_AT",
  "FAILURE",
  "FLAGS",
  "FOUND",
  "FOUND_COUNT",
  "MAX_DEPTH",
  "NAME_END",
  "NAME_START",
  "REPEATS",
  "SPACED",
  "STOPPED_AT",
  "STRING_START",
  "TEXT",
] as const;
type Constants = Readonly<Record<(typeof CONSTANTS)[number], number>>;

export interface Scanner {
  readonly wasm: Wasm;
  readonly at: Constants;
  /** Of the whole memory; another one after a `load` or `compacted` that needed more room. */
  readonly bytes: Uint8Array;
  /** Puts a text at `at.TEXT`, in place of the one before. */
  load(text: Uint8Array): void;
  /** The number at an address. */
  cell(at: number): number;
  /** The JSON text between two addresses without the whitespace between its tokens: a copy. */
  compacted(start: number, end: number): Buffer;
}

/** Zeros behind the text; a block of 16 bytes may begin at the first of them. */
const TAIL_BYTES = 32;
const PAGE_BYTES = 64 * 1024;

let compiled: object | undefined;

/** A scanner keeps the memory that its largest text needed: make one, and keep it. */
export function createScanner(): Scanner {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("scanner.wasm", import.meta.url)));
  const { exports } = new WebAssembly.Instance(compiled);
  const wasm = exports as Wasm & Readonly<Record<keyof Constants, { readonly value: number }>>;
  const at = Object.fromEntries(CONSTANTS.map((name) => [name, wasm[name].value])) as Constants;
  let bytes = new Uint8Array(wasm.memory.buffer);
  let cells = new Int32Array(wasm.memory.buffer);
  /** Behind the text and its zeros. */
  let free: number = at.TEXT;

  function reserve(end: number): void {
    const missing = end - bytes.length;
    if (missing <= 0) return;
    wasm.memory.grow(Math.ceil(missing / PAGE_BYTES));
    bytes = new Uint8Array(wasm.memory.buffer);
    cells = new Int32Array(wasm.memory.buffer);
  }

  return {
    wasm,
    at,
    get bytes() {
      return bytes;
    },
    load(text) {
      const end = at.TEXT + text.length;
      free = end + TAIL_BYTES;
      reserve(free);
      bytes.set(text, at.TEXT);
      bytes.fill(0, end, free);
    },
    compacted(start, end) {
      reserve(free + (end - start) + TAIL_BYTES);
      return Buffer.from(bytes.subarray(free, wasm.compact(start, end, free)));
    },
    cell: (address) => cells[address >> 2]!,
  };
}
