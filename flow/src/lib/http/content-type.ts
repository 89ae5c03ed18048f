/** The bound of a content type that an upload may name, for the request and for each part of a form. */
import type { HttpCall } from './call.ts'
import { contentTypeTooLong } from './refusals.ts'

/** Type and subtype have at most 127 characters each (RFC 6838, 4.2). */
export const maxContentTypeBytes = 256

/** 400 for a request whose `Content-Type` is too long to be stored or compared. */
export function checkContentType(call: HttpCall): void {
  const type = call.header('content-type')
  if (type !== undefined && type.length > maxContentTypeBytes) throw contentTypeTooLong('Content-Type')
}
