import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { queryEngineConformance } from "./query-engine.ts";
import { queryParametersConformance } from "./query-parameters.ts";

const create = async () => createDuckDbEngine({ threads: 2 });
queryEngineConformance("DuckDB", create);
queryParametersConformance("DuckDB", create);
