export { listQuarantined, summariseQuarantine } from "../quarantine/inspect.ts";
export { resultTable } from "./results.ts";
