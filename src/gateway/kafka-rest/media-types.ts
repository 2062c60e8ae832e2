import { PinlakeError } from "../../errors.ts";

export type EmbeddedFormat = "json" | "binary";

/** Karapace's wider set: version 1 and none, and octet-stream, mean what they mean there. */
const formats = new Map<string, EmbeddedFormat>(
  Object.entries({
    "application/vnd.kafka.json.v2+json": "json",
    "application/vnd.kafka.json.v1+json": "json",
    "application/vnd.kafka.json+json": "json",
    "application/json": "json",
    "application/vnd.kafka.binary.v2+json": "binary",
    "application/vnd.kafka.binary.v1+json": "binary",
    "application/vnd.kafka.binary+json": "binary",
    "application/vnd.kafka.v2+json": "binary",
    "application/vnd.kafka.v1+json": "binary",
    "application/vnd.kafka+json": "binary",
    "application/octet-stream": "binary",
  }),
);

const PRODUCED = ["application/vnd.kafka.v2+json", "application/vnd.kafka+json", "application/json"] as const;

/** How keys and values are written in a produce request. Throws MEDIA_TYPE_UNSUPPORTED naming what there is. */
export function embeddedFormat(contentType: string | undefined): EmbeddedFormat {
  const format = formats.get(contentType ?? "") ?? formats.get(essence(contentType ?? ""));
  if (format !== undefined) return format;
  throw new PinlakeError("MEDIA_TYPE_UNSUPPORTED", {
    type: contentType ?? "",
    supported: ["application/vnd.kafka.json.v2+json", "application/vnd.kafka.binary.v2+json (base64)"],
  });
}

/** The media type to answer in: the most wanted of those produced, the first on a tie. Throws NOT_ACCEPTABLE. */
export function acceptedType(accept: string | undefined): string {
  if (accept === undefined || accept === "*/*" || accept.trim() === "") return PRODUCED[0];
  let best: { readonly type: string; readonly quality: number } | undefined;
  for (const range of accept.split(",")) {
    const type = essence(range);
    const quality = Number(/;\s*q=([0-9.]+)/i.exec(range)?.[1] ?? 1);
    const match = PRODUCED.find((p) => p === type || type === "*/*" || type === "application/*");
    if (match !== undefined && quality > (best?.quality ?? 0)) best = { type: match, quality };
  }
  if (best === undefined) throw new PinlakeError("NOT_ACCEPTABLE", { accept, produced: PRODUCED });
  return best.type;
}

const essence = (type: string): string => type.split(";", 1)[0]!.trim().toLowerCase();
