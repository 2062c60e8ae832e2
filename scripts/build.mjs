// Makes what is published: dist/src and dist/pinterest, compiled, with the SQL beside the definitions and the scanner's bytes.
import { spawnSync } from "node:child_process";
import { cpSync, globSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 70);
for (const file of globSync(["pinterest/**/*.sql", "src/**/*.wasm"], { cwd: root }))
  cpSync(`${root}${file}`, `${root}dist/${file}`);
