/** The id of a request, in its answer and in every line that is logged about it. */

/** A caller's `x-request-id` where it has up to 128 safe characters, else `undefined`: it ends up in logs and headers. */
export function safeRequestId(given: string | undefined): string | undefined {
  return given !== undefined && given.length <= 128 && /^[\w.:/+=-]+$/.test(given) ? given : undefined
}
