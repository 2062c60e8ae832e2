import { proveMatrix } from "./prove.ts";

proveMatrix("we");
