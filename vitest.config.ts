import { defineConfig } from "vitest/config";

const conditions = ["pinlake-source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/services/**", "test/power/**", "node_modules/**"],
    pool: "forks",
    maxWorkers: 2,
    globalSetup: ["test/support/own-temp-folder.ts"],
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
