import { isIP } from "node:net";
import { PinlakeError } from "../errors.ts";

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));

/**
 * A web page can make its own name resolve to this machine and then send requests here; they still carry its name. So
 * a server on loopback answers for loopback names only. Elsewhere any name may be right. Throws HOST_REFUSED.
 */
export function hostCheck(listeningOn: string): (host: string | undefined) => void {
  if (!isLoopback(listeningOn)) return () => {};
  let known = "localhost";
  return (host) => {
    if (host === undefined || host === known) return;
    const name = host.replace(/:\d*$/, "").toLowerCase();
    if (!isLoopback(name) && !name.endsWith(".localhost")) throw new PinlakeError("HOST_REFUSED", { host });
    known = host;
  };
}
