/** The boundary of a multipart form, from the request's `Content-Type`. */
import { malformedForm, unsupported } from '../refusals.ts'
import { readParameters } from './parameters.ts'

/** A type that is no form, or names no boundary, is a 415; a boundary that RFC 2046 does not allow is a 400. */
export function boundaryOf(contentType: string | undefined): string {
  const media = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  if (contentType === undefined || media !== 'multipart/form-data') throw noForm(contentType)
  const parameters = readParameters(contentType)?.parameters
  if (parameters === undefined)
    throw malformedForm('the parameters of Content-Type cannot be read, or one is given twice')
  const boundary = parameters.get('boundary')
  if (boundary === undefined) throw noForm(contentType)
  if (!/^[\x20-\x7e]{0,69}[\x21-\x7e]$/.test(boundary))
    throw malformedForm('the boundary must be 1 to 70 printable ASCII characters and not end in a space')
  return boundary
}

function noForm(contentType: string | undefined) {
  return unsupported(contentType, 'multipart/form-data with a boundary')
}
