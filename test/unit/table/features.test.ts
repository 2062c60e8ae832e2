import { describe, expect, it } from "vitest";
import { type StructField, structType } from "../../../src/engine/schema.ts";
import { protocolFor, upgradedProtocol } from "../../../src/table/delta/definition/features.ts";
import type { MetaData, Protocol } from "../../../src/table/delta/log/actions.ts";
import { metaData, struct } from "../../support/made-delta-table.ts";

const LONG = structType([{ name: "a", type: "long" }]);
const NTZ = structType([{ name: "l", type: { type: "array", elementType: "timestamp_ntz", containsNull: true } }]);
const field = (more: Partial<StructField>): StructField => ({
  name: "a",
  type: "long",
  nullable: true,
  metadata: {},
  ...more,
});
const of = (configuration: Record<string, string>, schema = LONG): MetaData =>
  metaData(schema, { configuration }).metaData;
const versions = (minReaderVersion: number, minWriterVersion: number): Protocol => ({
  minReaderVersion,
  minWriterVersion,
});
const named = (reader: number, features: string, readerFeatures?: string): Protocol => ({
  ...versions(reader, 7),
  writerFeatures: features.split(" "),
  ...(readerFeatures === undefined ? {} : { readerFeatures: readerFeatures.split(" ") }),
});

describe("the protocol of a new table", () => {
  // As Spark 4.2 with Delta 4.4 makes it, but for the order of the features.
  const cases: readonly [string, MetaData, Protocol][] = [
    ["nothing", of({}), versions(1, 2)],
    ["properties that are off", of({ "delta.enableChangeDataFeed": "false" }), versions(1, 2)],
    ["append-only", of({ "delta.appendOnly": "true" }), versions(1, 2)],
    ["NOT NULL", of({}, struct(field({ nullable: false }))), versions(1, 2)],
    ["a constraint", of({ "delta.constraints.c": "a > 0" }), versions(1, 3)],
    [
      "a change data feed",
      of({ "delta.enableChangeDataFeed": "true" }),
      named(1, "appendOnly changeDataFeed invariants"),
    ],
    ["mapped columns", of({ "delta.columnMapping.mode": "name" }), named(2, "appendOnly columnMapping invariants")],
    [
      "times of commits",
      of({ "delta.enableInCommitTimestamps": "true" }),
      named(1, "appendOnly inCommitTimestamp invariants"),
    ],
    [
      "deletion vectors",
      of({ "delta.enableDeletionVectors": "true" }),
      named(3, "appendOnly deletionVectors invariants", "deletionVectors"),
    ],
    ["a time without zone", of({}, NTZ), named(3, "appendOnly invariants timestampNtz", "timestampNtz")],
    [
      "several of these",
      of(
        { "delta.enableDeletionVectors": "true", "delta.columnMapping.mode": "name", "delta.constraints.c": "a > 0" },
        NTZ,
      ),
      named(
        3,
        "appendOnly checkConstraints columnMapping deletionVectors invariants timestampNtz",
        "columnMapping deletionVectors timestampNtz",
      ),
    ],
    [
      "row tracking",
      of({ "delta.enableRowTracking": "true" }),
      named(1, "appendOnly domainMetadata invariants rowTracking"),
    ],
  ];
  it.each(cases)("with %s is the least that allows it", (_, table, expected) => {
    expect(protocolFor(table)).toEqual(expected);
  });

  it("names a feature that is asked for by itself", () => {
    expect(protocolFor(of({}), ["vacuumProtocolCheck"])).toEqual(
      named(3, "appendOnly invariants vacuumProtocolCheck", "vacuumProtocolCheck"),
    );
  });
});

describe("a table's protocol", () => {
  const raised = upgradedProtocol;

  it("stays as it is while it allows what is used", () => {
    expect(raised(versions(1, 2), of({ "delta.appendOnly": "true" }))).toBeUndefined();
    expect(raised(versions(2, 5), of({ "delta.columnMapping.mode": "name" }))).toBeUndefined();
    expect(raised(named(1, "changeDataFeed"), of({ "delta.enableChangeDataFeed": "true" }))).toBeUndefined();
  });

  it("is raised to the least that allows more", () => {
    expect(raised(versions(1, 2), of({ "delta.constraints.c": "a > 0" }))).toEqual(versions(1, 3));
    expect(raised(versions(1, 1), of({ "delta.appendOnly": "true" }))).toEqual(versions(1, 2));
  });

  it("names all that its version implied, once it names features", () => {
    expect(raised(versions(2, 5), of({ "delta.enableDeletionVectors": "true" }))).toEqual(
      named(
        3,
        "appendOnly changeDataFeed checkConstraints columnMapping deletionVectors generatedColumns invariants",
        "columnMapping deletionVectors",
      ),
    );
  });

  it("is never lowered, and keeps what we do not know", () => {
    expect(raised(named(1, "appendOnly invariants"), of({ "delta.constraints.c": "a > 0" }))).toEqual(
      named(1, "appendOnly checkConstraints invariants"),
    );
    expect(raised(named(3, "future x", "future"), of({ "delta.appendOnly": "true" }))).toEqual(
      named(3, "appendOnly future x", "future"),
    );
    expect(raised(versions(1, 5), of({ "delta.columnMapping.mode": "name" }))).toMatchObject({ minReaderVersion: 2 });
  });
});
