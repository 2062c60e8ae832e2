import type { GatewayConfig } from "../../src/gateway/http.ts";

/** A gateway's configuration on a free port, as the defaults are. */
export const gatewayConfig = (changes: Partial<GatewayConfig> = {}): GatewayConfig => ({
  host: "127.0.0.1",
  port: 0,
  stages: ["dev", "test", "prod"],
  maxBodyBytes: 16 * 1024 * 1024,
  maxInFlightBytes: 256 * 1024 * 1024,
  autoCreate: true,
  partitions: 1,
  maxRecordBytes: 1024 * 1024,
  ...changes,
});
