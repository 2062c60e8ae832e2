/** `npm run reference`: makes the pages of docs/reference that follow from schemas and definitions. */
import { writeFileSync } from "node:fs";
import { commandLinePage } from "./reference/command-line.ts";
import { configurationPage } from "./reference/configuration.ts";
import { deltaMatrixPage } from "./reference/delta-matrix.ts";

const page = (name: string) => new URL(`../docs/reference/${name}`, import.meta.url);

writeFileSync(page("configuration.md"), configurationPage());
writeFileSync(page("cli.md"), commandLinePage());
writeFileSync(page("delta-matrix.md"), deltaMatrixPage());
