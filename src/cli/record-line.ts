import type { RecordReport } from "../console/operations.ts";
import { terminalText } from "./terminal-text.ts";

/**
 * A record as one line, for people or as a JSON object. Its value stands there as it is stored, number by number; bytes
 * that are no text are `{"base64": …}`; no character in it can steer a terminal.
 */
export function recordLine({ partition, offset, timestamp, key, value }: RecordReport, json: boolean): string {
  const [ownKey, ownValue] = [key, value].map(asJson);
  const line = json
    ? `{"partition":${partition},"offset":${JSON.stringify(offset)},"timestamp":"${timestamp}","key":${ownKey},"value":${ownValue}}`
    : `${partition}/${offset}  ${timestamp}  ${key === null ? "" : `${ownKey}  `}${ownValue}`;
  return `${line}\n`;
}

function asJson(stored: RecordReport["value"]): string {
  if (stored === null) return "null";
  if ("json" in stored) return harmless(stored.json);
  return harmless(JSON.stringify("text" in stored ? stored.text : stored));
}

/** The same JSON: a control character stands either in a string, where it can be escaped, or is space between tokens. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const harmless = (json: string): string => terminalText(json.replace(/[\u0000-\u001f]/g, " "));
