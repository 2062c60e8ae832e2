import type { IncomingMessage } from "node:http";
import type { Target } from "./exchange.ts";
import type { Method, Protocol } from "./http.ts";

const MAX_REMEMBERED = 4096;
const NO_QUERY = {};

/**
 * Finds the target of the plainest requests: an exact path, a name without escapes, no query. Everything else is left
 * to the router, which leads to the same handlers.
 */
export function fastLane(
  kafka: Protocol,
  kinesis: Protocol,
  stages: readonly string[],
): (request: IncomingMessage) => Target | undefined {
  const routes = [hotRoute(kafka, "POST", "/topics/:topic"), hotRoute(kinesis, "PUT", "/streams/:stream/record")];
  const prefixes = ["", ...stages.map((stage) => `/${stage}`)];
  const remembered = new Map<string, Map<string, Target>>(routes.map(({ method }) => [method, new Map()]));

  function find(method: string, url: string): Target | undefined {
    for (const route of routes) {
      if (route.method !== method || !url.endsWith(route.suffix)) continue;
      const prefix = prefixes.find((stage) => url.startsWith(stage + route.prefix));
      if (prefix === undefined) continue;
      const name = url.slice(prefix.length + route.prefix.length, url.length - route.suffix.length);
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

  return ({ method, url }) => {
    const known = remembered.get(method!);
    if (known === undefined) return undefined;
    let target = known.get(url!);
    if (target === undefined) {
      target = find(method!, url!);
      if (target === undefined) return undefined;
      if (known.size === MAX_REMEMBERED) known.clear();
      known.set(url!, target);
    }
    return target;
  };
}

/** A route with one parameter, taken apart. */
function hotRoute(protocol: Protocol, method: Method, path: string) {
  const [prefix, parameter, suffix] = path.split(/:(\w+)/) as [string, string, string];
  return { protocol, method, prefix, parameter, suffix, handler: protocol.routes[path]![method]! };
}
