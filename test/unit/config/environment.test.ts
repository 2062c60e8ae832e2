import { describe, expect, it } from "vitest";
import { applyEnvironment, variablesByPath } from "../../../src/config/environment.ts";
import { configSchema } from "../../../src/define/config.ts";
import { PinlakeError } from "../../../src/errors.ts";

const defaults = configSchema.parse({});
const withVariables = (environment: Record<string, string>) =>
  configSchema.parse(applyEnvironment(defaults, environment));

const problemOf = (environment: Record<string, string>): string => {
  try {
    applyEnvironment(defaults, environment);
  } catch (error) {
    if (error instanceof PinlakeError && error.code === "CONFIG_INVALID") return error.message;
    throw error;
  }
  return "none";
};

describe("the environment", () => {
  it("sets any key; case and single underscores do not count", () => {
    for (const variable of [
      "PINLAKE__STREAM__MAX_RECORDS",
      "PINLAKE__STREAM__MAXRECORDS",
      "PINLAKE__stream__maxRecords",
      "PINLAKE__STREAM__M_A_X_RECORDS",
    ])
      expect(withVariables({ [variable]: "17" }).stream.maxRecords, variable).toBe(17);
  });

  it("takes no time that timers cannot wait for", () => {
    for (const variable of ["PINLAKE__STREAM__TRIGGER_MS", "PINLAKE__SINK__MAX_AGE_MS"]) {
      expect(() => withVariables({ [variable]: String(2 ** 31 - 1) })).not.toThrow();
      expect(() => withVariables({ [variable]: String(2 ** 31) }), variable).toThrow("2147483647");
    }
  });

  it("gives each key a value of its own type", () => {
    const config = withVariables({
      PINLAKE__LOG__AUTO_CREATE: "FALSE",
      PINLAKE__LOG__RETENTION_MS: "-1",
      PINLAKE__GATEWAY__STAGES: "beta, gamma",
      PINLAKE__LOG__DRIVER: "memory",
      PINLAKE__STREAM__HISTORY_HOURS: "0.5",
      PINLAKE__ENGINE__MEMORY: "2GB",
      PINLAKE__NAMESPACE: "orchard",
    });
    expect(config).toMatchObject({
      namespace: "orchard",
      log: { autoCreate: false, retentionMs: -1, driver: "memory" },
      gateway: { stages: ["beta", "gamma"] },
      stream: { historyHours: 0.5 },
      engine: { memory: "2GB" },
    });
  });

  it("changes nothing but the keys that it names", () => {
    const {
      gateway,
      console: consoleConfig,
      ...rest
    } = withVariables({
      PINLAKE_GATEWAY_PORT: "1",
      PINLAKE_CONSOLE_PORT: "2",
    });
    expect(gateway).toEqual({ ...defaults.gateway, port: 1 });
    expect(consoleConfig).toEqual({ ...defaults.console, port: 2 });
    const { gateway: _, console: __, ...before } = defaults;
    expect(rest).toEqual(before);
  });

  it("leaves other programs' variables alone, and ours that are no keys", () => {
    expect(withVariables({ PATH: "/bin", PINLAKE_DATA: "/tmp", PINLAKE_REAL_DATA: "x" })).toEqual(defaults);
  });

  it("is refused by the variable's name, with what is allowed", () => {
    expect(problemOf({ PINLAKE__LOG__SEGMENTS: "1" })).toMatch(
      /PINLAKE__LOG__SEGMENTS: .*"log\.SEGMENTS".*segmentBytes/,
    );
    expect(problemOf({ PINLAKE__LOGS__DRIVER: "1" })).toMatch(/PINLAKE__LOGS__DRIVER: .*namespace, source, gateway/);
    expect(problemOf({ PINLAKE__LOG: "1" })).toMatch(/PINLAKE__LOG: "log" is a section/);
    expect(problemOf({ PINLAKE__LOG__DRIVER__NAME: "1" })).toMatch(/nothing below it/);
    expect(problemOf({ PINLAKE__LOG__SEGMENT_BYTES: "1e6" })).toMatch(/log\.segmentBytes must be a number, not "1e6"/);
    expect(problemOf({ PINLAKE__LOG__AUTO_CREATE: "yes" })).toMatch(/must be true or false, not "yes"/);
  });

  it("says which variable stands behind a key", () => {
    expect(variablesByPath({ PINLAKE_GATEWAY_PORT: "1" })).toEqual(new Map([["gateway.port", "PINLAKE_GATEWAY_PORT"]]));
  });
});
