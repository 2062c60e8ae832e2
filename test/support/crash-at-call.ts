/** Where the process "dies": before the call takes effect, or after it did and before its caller learns so. */
export interface CrashPoint {
  /** 1 is the first call. */
  readonly call: number;
  readonly moment: "before" | "after";
}

export interface Crashing<T> {
  /** The same objects, mortal. */
  readonly target: T;
  /** Calls made so far, to all of them together. */
  calls(): number;
  /** Resolves with `object.method` when the crash came. */
  readonly crashed: Promise<string>;
}

/** Methods of the ports that answer at once; they are no place to crash at. */
const SYNCHRONOUS = new Set(["holdFor", "localPath"]);
const ITERATING = new Set(["list", "stream"]);

/**
 * Port objects that die together at the n-th asynchronous call made to any of them. From then on every call, that one
 * included, stays unanswered for ever and has no effect, as in a process killed there. What lies behind them survives,
 * as a disk does, and is handed to the next life. Without a point nothing dies and calls are counted.
 */
export function crashAtCall<T extends Record<string, object>>(objects: T, point?: CrashPoint): Crashing<T> {
  let calls = 0;
  let dead = false;
  const crash = Promise.withResolvers<string>();
  const never = new Promise<never>(() => {});

  const die = (method: string): Promise<never> => {
    dead = true;
    crash.resolve(method);
    return never;
  };

  async function* pieces(method: string, source: () => AsyncIterable<unknown>): AsyncGenerator<unknown> {
    if (++calls === point?.call) await die(method);
    for await (const piece of source()) {
      if (dead) await never;
      yield piece;
    }
  }

  async function answer(method: string, call: () => unknown): Promise<unknown> {
    const mine = ++calls === point?.call ? point.moment : undefined;
    if (mine === "before") return die(method);
    const [outcome] = await Promise.allSettled([call()]);
    if (mine === "after") return die(method);
    if (dead) return never;
    if (outcome.status === "rejected") throw outcome.reason;
    const value: unknown = outcome.value;
    const isObject = typeof value === "object" && value !== null;
    const hasMethods = isObject && Object.values(value).some((member) => typeof member === "function");
    return hasMethods ? mortal(value, method) : value;
  }

  function mortal<O extends object>(object: O, name: string): O {
    return new Proxy(object, {
      get(target, property) {
        const member: unknown = Reflect.get(target, property);
        if (typeof member !== "function" || typeof property === "symbol") return member;
        const method = `${name}.${property}`;
        return (...args: unknown[]) => {
          const call = () => member.apply(target, args) as unknown;
          if (SYNCHRONOUS.has(property)) return call();
          if (ITERATING.has(property)) return pieces(method, call as () => AsyncIterable<unknown>);
          return dead ? never : answer(method, call);
        };
      },
    });
  }

  const target = Object.fromEntries(Object.entries(objects).map(([name, object]) => [name, mortal(object, name)])) as T;
  return { target, calls: () => calls, crashed: crash.promise };
}
