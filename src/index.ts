/** What projects import from "pinlake": the definitions. */

export { type Answer, type AnswerInput, type AnswerParameter, defineAnswer } from "./define/answer.ts";
export type { ColumnType } from "./define/column-type.ts";
export { type Config, type ConfigInput, defineConfig } from "./define/config.ts";
export { type DatasetDefinition, type DatasetInput, defineDataset } from "./define/dataset.ts";
export {
  defineSource,
  type SourceDefinition,
  type SourceRow,
  type SourceTable,
  type SourceValue,
} from "./define/source.ts";
export { defineWorkflow, type Workflow, type WorkflowInput } from "./define/workflow.ts";
export { type ErrorCode, PinlakeError } from "./errors.ts";
