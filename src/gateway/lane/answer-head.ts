import { STATUS_CODES } from "node:http";
import type { Answer } from "../exchange.ts";

/** The head of an answer, to the byte what `node:http` would send. */
export function answerHead({ status, headers }: Answer, { last, keepAliveMs }: AnswerHeadOptions): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  if (last) return `${head}Connection: close\r\nDate: ${httpDate()}\r\n\r\n`;
  return `${head}Date: ${httpDate()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1000}\r\n\r\n`;
}

export interface AnswerHeadOptions {
  /** Whether the connection ends with this answer. */
  readonly last: boolean;
  readonly keepAliveMs: number;
}

let writtenFor = Number.NaN;
let written = "";

/** Written anew each second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== writtenFor) {
    writtenFor = second;
    written = new Date(second * 1000).toUTCString();
  }
  return written;
}
