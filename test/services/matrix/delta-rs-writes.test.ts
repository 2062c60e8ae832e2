import { proveMatrix } from "./prove.ts";

proveMatrix("delta-rs");
