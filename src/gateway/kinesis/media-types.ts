import { PinlakeError } from "../../errors.ts";

const SUPPORTED = ["application/json", "application/x-amz-json-1.1"] as const;

/** API Gateway takes a request without a type as JSON. Throws MEDIA_TYPE_UNSUPPORTED. */
export function requireJson(contentType: string | undefined): void {
  if (contentType === undefined || contentType === "application/json") return;
  const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
  if (/^application\/(json|x-amz-json-1\.[01]|[a-z0-9.-]+\+json)$/.test(type)) return;
  throw new PinlakeError("MEDIA_TYPE_UNSUPPORTED", { type: contentType, supported: SUPPORTED });
}
