import { InvalidArgumentError } from "commander";

/** A whole number from 0 on. */
export function integer(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export function positiveInteger(text: string): number {
  const value = integer(text);
  if (value === 0) throw new InvalidArgumentError("It must be at least 1.");
  return value;
}

/** `1GB`, `500MB`. */
export function size(text: string): string {
  if (!/^\d+(\.\d+)?(MB|GB|MiB|GiB)$/.test(text))
    throw new InvalidArgumentError("It must be a size such as 500MB or 4GB.");
  return text;
}

/** A time as ms since the epoch; UTC where it names no zone. */
export function time(text: string): number {
  const ms = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(ms)) throw new InvalidArgumentError("It must be a time such as 2024-01-31T12:00:00Z.");
  return ms;
}

/** Names between commas. */
export const names = (text: string): string[] => text.split(",").map((name) => name.trim());
