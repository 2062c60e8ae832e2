import { defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.ts";

export default mergeConfig(
  { ...base, test: { ...base.test, exclude: ["node_modules/**"] } },
  defineConfig({ test: { include: ["test/services/**/*.test.ts"], testTimeout: 300_000 } }),
);
