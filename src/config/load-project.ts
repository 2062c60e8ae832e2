import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Answer } from "../define/answer.ts";
import { readAnswer } from "../define/answer-file.ts";
import { type Config, configSchema } from "../define/config.ts";
import { type Dataset, type DatasetInput, defineDataset } from "../define/dataset.ts";
import { withSelect } from "../define/dataset-file.ts";
import { describeIssue } from "../define/parse-definition.ts";
import type { SourceDefinition } from "../define/source.ts";
import { defineWorkflow, type Workflow, type WorkflowInput } from "../define/workflow.ts";
import { PinlakeError } from "../errors.ts";
import { crossCheck } from "./cross-check.ts";
import { applyEnvironment, type Environment, variablesByPath } from "./environment.ts";
import { answerFiles, configFile, definitionFiles } from "./find-project.ts";
import { definedIn, loadModule } from "./load-module.ts";

/** What is computed: everything a project folder defines, checked. */
export interface Project {
  readonly folder: string;
  readonly config: Config;
  readonly datasets: readonly Dataset[];
  /** Each behind those it reads. */
  readonly answers: readonly Answer[];
  readonly workflows: readonly Workflow[];
  /** Loads the source's generator; undefined when the project names none. */
  readonly loadSource: (() => Promise<SourceDefinition>) | undefined;
}

/**
 * Reads a project: `pinlake.config.*`, `datasets/*`, `answers/*.sql`, `workflows/*`, with the environment's settings over
 * the configuration. Throws CONFIG_INVALID or CONFIG_NOT_LOADED naming the file, the key, and what is allowed there.
 */
export async function loadProject(folder: string, environment: Environment): Promise<Project> {
  const config = await loadConfig(folder, environment);
  const [datasets, answers, workflows] = await Promise.all([
    loadAll(definitionFiles(folder, "datasets"), loadDataset),
    loadAll(answerFiles(folder), readAnswer),
    loadAll(definitionFiles(folder, "workflows"), async (path) => {
      const exported = await loadModule(path);
      return definedIn(path, () => defineWorkflow(exported as WorkflowInput));
    }),
  ]);
  const { generator } = config.source;
  return {
    folder,
    config,
    ...crossCheck(folder, { datasets, answers, workflows }),
    loadSource:
      generator === undefined
        ? undefined
        : async () => {
            const named = isAbsolute(generator) ? generator : join(folder, generator);
            // A published project is compiled: its configuration still says what was written.
            const compiled = named.replace(/\.ts$/, ".js");
            const path = !existsSync(named) && existsSync(compiled) ? compiled : named;
            return (await loadModule(path)) as SourceDefinition;
          },
  };
}

async function loadConfig(folder: string, environment: Environment): Promise<Config> {
  const path = configFile(folder);
  const written = path === undefined ? {} : await loadModule(path);
  const parse = (input: unknown, blame: (key: string) => string) => {
    const result = configSchema.safeParse(input);
    if (result.success) return result.data;
    const [first] = result.error.issues;
    const file = blame(first === undefined ? "" : first.path.join("."));
    throw new PinlakeError("CONFIG_INVALID", { file, problems: result.error.issues.map(describeIssue) });
  };
  const file = path ?? join(folder, "pinlake.config.ts");
  const own = parse(written, () => file);
  const variables = variablesByPath(environment);
  const saidBy = (key: string) => {
    const variable = variables.get(key);
    return variable === undefined ? file : `environment variable ${variable}`;
  };
  const config = parse(applyEnvironment(own, environment), saidBy);
  for (const { key, problem } of exposedHosts(config))
    throw new PinlakeError("CONFIG_INVALID", { file: saidBy(key), problems: [problem] });
  return config;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

function exposedHosts(config: Config): { readonly key: string; readonly problem: string }[] {
  return (["gateway", "console"] as const).flatMap((section) => {
    const [key, { host }] = [`${section}.host`, config[section]];
    if (LOOPBACK.test(host)) return [];
    const exposed = `"${host}" can be reached from other machines, and nobody would have to say who they are`;
    return [{ key, problem: `${key}: ${exposed}; allowed: 127.0.0.1, ::1, localhost` }];
  });
}

interface Loaded<T> {
  readonly path: string;
  readonly value: T;
}

async function loadAll<T>(paths: readonly string[], load: (path: string) => Promise<T>): Promise<Loaded<T>[]> {
  return Promise.all(paths.map(async (path) => ({ path, value: await load(path) })));
}

async function loadDataset(path: string): Promise<Dataset> {
  const exported = await loadModule(path);
  const definition = definedIn(path, () => defineDataset(exported as DatasetInput));
  return withSelect(path, definition);
}
