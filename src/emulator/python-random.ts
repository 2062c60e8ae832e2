/** The draws of CPython's `random` module, so that a run repeats what the original's scripts sent. */
export interface PythonRandom {
  /** The highest `bits` (1 to 32) of the next word. */
  getrandbits(bits: number): number;
  /** From `start` up to, not including, `stop`. */
  randrange(start: number, stop: number): number;
  /** Both ends included. */
  randint(low: number, high: number): number;
}

const N = 624;
const M = 397;

/** `random.seed(seed)` of an integer: MT19937 initialised by the array of its 32-bit words. */
export function pythonRandom(seed: number | bigint): PythonRandom {
  const state = initByArray(words(BigInt(seed)));
  let index = N;

  function next(): number {
    if (index === N) {
      twist(state);
      index = 0;
    }
    let y = state[index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  const getrandbits = (bits: number): number => next() >>> (32 - bits);

  /** Draws again until it fits, as `_randbelow_with_getrandbits` does. */
  function below(n: number): number {
    const bits = 32 - Math.clz32(n);
    let drawn = getrandbits(bits);
    while (drawn >= n) drawn = getrandbits(bits);
    return drawn;
  }

  return {
    getrandbits,
    randrange: (start, stop) => start + below(stop - start),
    randint: (low, high) => low + below(high - low + 1),
  };
}

function words(seed: bigint): number[] {
  const found: number[] = [];
  for (let left = seed < 0n ? -seed : seed; left > 0n; left >>= 32n) found.push(Number(left & 0xffffffffn));
  return found.length === 0 ? [0] : found;
}

/** Matsumoto and Nishimura, "Mersenne Twister with improved initialization" (2002). */
function initByArray(key: readonly number[]): Uint32Array {
  const mt = new Uint32Array(N);
  mt[0] = 19650218;
  for (let i = 1; i < N; i++) mt[i] = Math.imul(1812433253, mixed(mt, i)) + i;
  let i = 1;
  let j = 0;
  const step = () => {
    i++;
    if (i === N) {
      mt[0] = mt[N - 1]!;
      i = 1;
    }
  };
  for (let k = Math.max(N, key.length); k > 0; k--) {
    mt[i] = (mt[i]! ^ Math.imul(mixed(mt, i), 1664525)) + key[j]! + j;
    j = (j + 1) % key.length;
    step();
  }
  for (let k = N - 1; k > 0; k--) {
    mt[i] = (mt[i]! ^ Math.imul(mixed(mt, i), 1566083941)) - i;
    step();
  }
  mt[0] = 0x80000000;
  return mt;
}

const mixed = (mt: Uint32Array, i: number): number => mt[i - 1]! ^ (mt[i - 1]! >>> 30);

function twist(mt: Uint32Array): void {
  for (let k = 0; k < N; k++) {
    const y = (mt[k]! & 0x80000000) | (mt[(k + 1) % N]! & 0x7fffffff);
    mt[k] = mt[(k + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}
