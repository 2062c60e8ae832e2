#!/usr/bin/env node
// Plain JavaScript that any Node since 18 can parse: it finds a Node that can run Pinlake, or says which one is needed.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 24;
const STARTED_BY_OLD_NODE = "PINLAKE_STARTED_BY_OLD_NODE";
const fromPackage = (path) => new URL(`../${path}`, import.meta.url);
const inCheckout = existsSync(fromPackage("src/cli/main.ts"));

if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) await start();
else startPinnedNode();

async function start() {
  if (process.env[STARTED_BY_OLD_NODE] !== undefined) {
    delete process.env[STARTED_BY_OLD_NODE];
    // However the process that signals are sent to ends, this one must not go on without it.
    process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
    process.channel?.unref();
  }
  nodeModule.enableCompileCache?.();
  const path = (name) => fromPackage(inCheckout ? `src/${name}.ts` : `dist/src/${name}.js`).href;
  const library = new Map([
    ["pinlake", path("index")],
    ["pinlake/delta", path("app/delta")],
  ]);
  // Project files import "pinlake" wherever they lie, also where no node_modules is near, and are always modules.
  nodeModule.registerHooks({
    resolve: (specifier, context, next) => {
      const url = library.get(specifier);
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
    load: (url, context, next) =>
      /^file:.*\.ts(\?.*)?$/.test(url) ? next(url, { ...context, format: "module-typescript" }) : next(url, context),
  });
  const { runProcess } = await import(path("cli/main"));
  await runProcess();
}

/** In a checkout Node itself is a dev dependency; signals reach it, and its exit becomes ours. */
function startPinnedNode() {
  const pinned = fileURLToPath(fromPackage("node_modules/node/bin/node"));
  if (!inCheckout || !existsSync(pinned)) {
    const hint = inCheckout ? " Run `npm ci` here once: it brings its own." : "";
    process.stderr.write(`Pinlake needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}.${hint}\n`);
    process.exit(69);
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The channel carries nothing but that this process is there.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [STARTED_BY_OLD_NODE]: "1" },
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]) {
    // A terminal sends Ctrl-C to the whole group; the child has it already.
    process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  child.on("error", (error) => {
    process.stderr.write(`${pinned} could not be started: ${error.message}\n`);
    process.exit(69);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
