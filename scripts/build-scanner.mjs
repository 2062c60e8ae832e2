// Compiles the JSON scanner, src/json/assembly (AssemblyScript), to src/json/scanner.wasm, which is kept in the repository.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const OPTIONS = ["-O3", "--converge", "--runtime", "stub", "--enable", "simd", "--initialMemory", "2"];

/** The bytes of scanner.wasm: the same sources and compiler give the same bytes everywhere. */
export async function compileScanner() {
  const { main } = await import("assemblyscript/asc");
  let binary;
  const writeFile = (_, contents) => {
    binary = contents;
  };
  const files = ["src/json/assembly/index.ts", "--baseDir", root, "--outFile", "scanner.wasm"];
  const { error, stderr } = await main([...files, ...OPTIONS], { writeFile });
  if (error !== null) throw new Error(`${error.message}\n${stderr}`);
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(`${root}src/json/scanner.wasm`, await compileScanner());
