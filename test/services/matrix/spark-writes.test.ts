import { proveMatrix } from "./prove.ts";

proveMatrix("Spark");
