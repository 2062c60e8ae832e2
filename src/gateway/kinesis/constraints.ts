import { PinlakeError } from "../../errors.ts";

/** One constraint that a member of a request does not keep, in AWS's words. */
export const violation = (value: string | undefined, member: string, constraint: string): string =>
  `Value ${value === undefined ? "" : `${value} `}at '${member}' failed to satisfy constraint: ${constraint}`;

export const notNull = (member: string): string => violation("null", member, "Member must not be null");

/** Throws ValidationException's text when there is any violation. */
export function check(violations: readonly string[]): void {
  if (violations.length === 0) return;
  const count = `${violations.length} validation error${violations.length === 1 ? "" : "s"} detected`;
  throw new PinlakeError("REQUEST_INVALID", { reason: `${count}: ${violations.join("; ")}` });
}

export function nameViolations(stream: string): string[] {
  const found: string[] = [];
  if (!/^[a-zA-Z0-9_.-]*$/.test(stream))
    found.push(
      violation(`'${stream}'`, "streamName", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
    );
  // Landed, they would be steps between folders.
  if (stream === "." || stream === "..")
    found.push(violation(`'${stream}'`, "streamName", "Member must not be '.' or '..'"));
  if (stream.length > 128)
    found.push(violation(`'${stream}'`, "streamName", "Member must have length less than or equal to 128"));
  return found;
}

export interface Put {
  readonly data: Buffer | undefined;
  readonly partitionKey: string | undefined;
}

/** What is wrong with a record to put; `prefix` stands before the member names. */
export function putViolations(put: Put, prefix: string, maxRecordBytes: number): string[] {
  const { data, partitionKey } = put;
  const found: string[] = [];
  const keyMember = `${prefix}partitionKey`;
  if (data === undefined) found.push(notNull(`${prefix}data`));
  else if (data.length + Buffer.byteLength(partitionKey ?? "") > maxRecordBytes)
    found.push(
      violation(undefined, `${prefix}data`, `Member must have length less than or equal to ${maxRecordBytes}`),
    );
  if (partitionKey === undefined) found.push(notNull(keyMember));
  else if (partitionKey.length === 0)
    found.push(violation("''", keyMember, "Member must have length greater than or equal to 1"));
  else if ([...partitionKey.slice(0, 513)].length > 256)
    found.push(
      violation(`'${partitionKey.slice(0, 300)}'`, keyMember, "Member must have length less than or equal to 256"),
    );
  return found;
}
