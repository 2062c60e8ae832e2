import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/services/**/*.test.ts"],
    exclude: ["node_modules/**"],
    testTimeout: 300_000,
    globalSetup: ["test/support/own-temp-folder.ts", "test/services/install.ts"],
  },
});
