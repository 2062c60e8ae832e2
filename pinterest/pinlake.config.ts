import { defineConfig } from "pinlake";

export default defineConfig({
  namespace: "pinterest",
  source: { generator: "source.ts" },
});
