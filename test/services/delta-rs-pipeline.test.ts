import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Reads a table through delta-rs' own engine; values in the JSON forms that our command line prints. */
const READER = `
import base64, datetime, decimal, json, sys
from deltalake import DeltaTable, QueryBuilder
def form(value):
    if isinstance(value, datetime.datetime):
        text = value.astimezone(datetime.timezone.utc) if value.tzinfo else value
        fraction = f"{text.microsecond:06d}".rstrip("0")
        return f"{text:%Y-%m-%dT%H:%M:%S}" + (f".{fraction}" if fraction else "") + ("Z" if value.tzinfo else "")
    if isinstance(value, datetime.date): return value.isoformat()
    if isinstance(value, decimal.Decimal): return str(value)
    if isinstance(value, bytes): return base64.b64encode(value).decode()
    if isinstance(value, int) and abs(value) > 2**53: return str(value)
    if isinstance(value, list): return [form(v) for v in value]
    if isinstance(value, dict): return {k: form(v) for k, v in value.items()}
    return value
found = {}
for path in sys.argv[1:]:
    table = DeltaTable(path)
    result = QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all()
    names = result.column_names
    rows = zip(*[result[name].to_pylist() for name in names])
    found[path] = {"version": table.version(), "rows": [dict(zip(names, map(form, row))) for row in rows]}
print(json.dumps(found))
`;

const root = join(import.meta.dirname, "../..");
const sorted = (rows: readonly Record<string, unknown>[]) => rows.map((row) => JSON.stringify(row)).sort();

it("delta-rs reads every table that the pipeline makes, row by row as we do", async () => {
  const python = execFileSync(join(root, "scripts/services/delta-rs.sh"), { encoding: "utf8" }).trim();
  await using folder = await tempFolder();
  const at = ["--data", folder.path];
  await pinlakeJson(["demo", "--posts", "200", "--exit", ...at]);
  await postAgainAndBadly(at);

  const tables = await pinlakeJson<{ name: string; version: number; rows: number }[]>(["tables", "ls", ...at]);
  const names = tables.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["batch.pin", "stream.user", "batch.quarantine", "stream.quarantine"]));
  expect(names.filter((name) => name.startsWith("answers."))).toHaveLength(9);

  const pathOf = (name: string) => join(folder.path, "tables", ...name.split("."));
  const { stdout } = await promisify(execFile)(python, ["-c", READER, ...names.map(pathOf)], { maxBuffer: 256 << 20 });
  const theirs = JSON.parse(stdout) as Record<string, { version: number; rows: Record<string, unknown>[] }>;
  for (const { name, version, rows } of tables) {
    const read = theirs[pathOf(name)];
    expect(read?.version, name).toBe(version);
    expect(read?.rows, name).toHaveLength(rows);
    const ours = await pinlakeJson<Record<string, unknown>[]>(["tables", "read", name, ...at]);
    expect(sorted(read?.rows ?? []), name).toEqual(sorted(ours));
  }
}, 120_000);

/** A second commit for every table: a post that is there already, and records for both quarantines. */
async function postAgainAndBadly(at: readonly string[]): Promise<void> {
  const up = startPinlake(["up", ...at]);
  const [, url] = await up.printed(/gateway listening on (\S+)\n/);
  const again = { index: 7528, unique_id: "again", title: "é ☃ \u{1f600}", follower_count: "1k" };
  for (const value of [again, "no row", { value: again }, { ...again, index: "9007199254740993" }]) {
    const kafka = await fetch(`${url}/topics/pinterest.pin`, {
      method: "POST",
      headers: { "content-type": "application/vnd.kafka.json.v2+json" },
      body: JSON.stringify({ records: [{ value }] }),
    });
    const kinesis = await fetch(`${url}/streams/streaming-pinterest-pin/record`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ Data: value, PartitionKey: "k" }),
    });
    expect([kafka.status, kinesis.status]).toEqual([200, 200]);
  }
  await pinlakeJson(["run", "daily", ...at]);
  up.child.kill("SIGTERM");
  expect((await up.done).code).toBe(0);
}
