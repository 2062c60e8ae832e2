import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { queryEngineConformance } from "./query-engine.ts";

queryEngineConformance("DuckDB", async () => createDuckDbEngine({ threads: 2 }));
