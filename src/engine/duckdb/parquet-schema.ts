import type { Column, DataType, StructField } from "../schema.ts";
import { duckTypeName, quoteText } from "./types.ts";

/** A field as a file has it; its id in the metadata, if it has one. */
export type FileField = StructField & { readonly metadata: { readonly fieldId?: number } };

/** The columns at the top of a file, and what tells them from those of files with others. */
export interface FileColumns {
  readonly fields: readonly FileField[];
  readonly digest: string;
}

/** A row of parquet_schema: a tree in preorder whose first row is the root. */
type SchemaRow = readonly [name: string, children: bigint | null, fieldId: bigint | null];

/** A row for each of these files: its schema as a tree, and as texts to compare. */
export const schemasQuery = (files: readonly string[]): string =>
  `SELECT file_name, list(struct_pack(n := name, c := num_children, i := field_id) ORDER BY column_id), list(concat_ws(' ', name, type, duckdb_type, logical_type, num_children, field_id) ORDER BY column_id) FROM parquet_schema([${files.map(quoteText).join(", ")}]) GROUP BY file_name`;

export interface ParquetSchema {
  readonly path: string;
  readonly tree: readonly SchemaRow[];
  readonly digest: string;
}

export function parquetSchema(row: readonly unknown[]): ParquetSchema {
  const [path, tree, texts] = row as [string, { n: string; c: bigint | null; i: bigint | null }[], string[]];
  return { path, tree: tree.map(({ n, c, i }) => [n, c, i]), digest: JSON.stringify(texts) };
}

export const readFile = (path: string): string =>
  `SELECT * FROM read_parquet([${quoteText(path)}], hive_partitioning = false)`;

export const knownColumns = (columns: readonly Column[]): FileColumns => ({
  fields: columns.map(({ name, type }) => ({ name, type, nullable: true, metadata: {} })),
  digest: JSON.stringify(columns.map(({ name, type }) => `${name} ${duckTypeName(type)}`)),
});

/** The columns that readFile gives, with the field ids of their schema. */
export function fileColumns(columns: readonly Column[], { tree, digest }: ParquetSchema): FileColumns {
  const ends = treeEnds(tree);
  return { fields: withIds(columns.map(asField), childrenOf(tree, ends, 0), { tree, ends }), digest };
}

const asField = ({ name, type }: Column): FileField => ({ name, type, nullable: true, metadata: {} });

interface Tree {
  readonly tree: readonly SchemaRow[];
  readonly ends: readonly number[];
}

/** Where the subtree of each row ends. */
function treeEnds(tree: readonly SchemaRow[]): number[] {
  const ends: number[] = new Array(tree.length);
  const end = (at: number): number => {
    let next = at + 1;
    for (let left = Number(tree[at]?.[1] ?? 0); left > 0 && next < tree.length; left--) next = end(next);
    ends[at] = next;
    return next;
  };
  end(0);
  return ends;
}

function childrenOf(tree: readonly SchemaRow[], ends: readonly number[], at: number): number[] {
  const children: number[] = [];
  for (let child = at + 1; child < (ends[at] ?? 0); child = ends[child] ?? tree.length) children.push(child);
  return children;
}

function withIds(fields: readonly FileField[], at: readonly number[], tree: Tree): FileField[] {
  return fields.map((field, i) => {
    const node = at[i];
    if (node === undefined) return field;
    const id = tree.tree[node]?.[2];
    const metadata = id == null ? {} : { fieldId: Number(id) };
    return { ...field, type: typeWithIds(field.type, node, tree), metadata };
  });
}

function typeWithIds(type: DataType, at: number, of: Tree): DataType {
  if (typeof type === "string") return type;
  const children = childrenOf(of.tree, of.ends, at);
  if (type.type === "struct") return { ...type, fields: withIds(type.fields as FileField[], children, of) };
  const [repeated = at] = children;
  const inner = childrenOf(of.tree, of.ends, repeated);
  if (type.type === "map") {
    const [key = at, value = at] = inner;
    return { ...type, keyType: typeWithIds(type.keyType, key, of), valueType: typeWithIds(type.valueType, value, of) };
  }
  // Old writers leave out the level between a list and its elements; a struct of several fields is such an element.
  const element =
    inner.length === 1 && !isStructOf(type.elementType, of.tree[inner[0] ?? at]?.[0]) ? inner[0] : repeated;
  return { ...type, elementType: typeWithIds(type.elementType, element ?? at, of) };
}

const isStructOf = (type: DataType, onlyField: string | undefined): boolean =>
  typeof type !== "string" &&
  type.type === "struct" &&
  type.fields.length === 1 &&
  type.fields[0]?.name === onlyField &&
  onlyField !== "element";
