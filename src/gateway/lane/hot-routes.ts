import type { Target } from "../exchange.ts";
import type { Method, Protocol } from "../http.ts";

const MAX_REMEMBERED = 4096;
const NO_QUERY = {};

/** Finds the target of a method and a path; undefined for what is not of the plainest form. */
export type FindTarget = (method: string, path: string) => Target | undefined;

/**
 * The routes on which data comes, for an exact path, a name without escapes, no query. Everything else is left to the
 * router, which leads to the same handlers.
 */
export function hotRoutes(kafka: Protocol, kinesis: Protocol, stages: readonly string[]): FindTarget {
  const routes = [
    hotRoute(kafka, "POST", "/topics/:topic"),
    hotRoute(kinesis, "PUT", "/streams/:stream/record"),
    hotRoute(kinesis, "PUT", "/streams/:stream/records"),
  ];
  const prefixes = ["", ...stages.map((stage) => `/${stage}`)];
  const remembered = new Map<string, Map<string, Target>>(routes.map(({ method }) => [method, new Map()]));

  function find(method: string, path: string): Target | undefined {
    for (const route of routes) {
      if (route.method !== method || !path.endsWith(route.suffix)) continue;
      const prefix = prefixes.find((stage) => path.startsWith(stage + route.prefix));
      if (prefix === undefined) continue;
      const name = path.slice(prefix.length + route.prefix.length, path.length - route.suffix.length);
      if (!/^[A-Za-z0-9._-]{1,249}$/.test(name)) continue;
      return {
        protocol: route.protocol,
        handler: route.handler,
        params: { [route.parameter]: name },
        query: NO_QUERY,
      };
    }
    return undefined;
  }

  return (method, path) => {
    const known = remembered.get(method);
    if (known === undefined) return undefined;
    let target = known.get(path);
    if (target === undefined) {
      target = find(method, path);
      if (target === undefined) return undefined;
      if (known.size === MAX_REMEMBERED) known.clear();
      known.set(path, target);
    }
    return target;
  };
}

/** A route with one parameter, taken apart. */
function hotRoute(protocol: Protocol, method: Method, path: string) {
  const [prefix, parameter, suffix] = path.split(/:(\w+)/) as [string, string, string];
  return { protocol, method, prefix, parameter, suffix, handler: protocol.routes[path]![method]! };
}
