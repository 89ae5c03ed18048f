/** Refusals of bodies that several readers share. */
import { CapabilityError } from '@flowport/capabilities'
import { HttpProblem } from './problem.ts'

/** The 415 of a body that the route does not take. */
export function unsupported(type: string | undefined, wanted: string): HttpProblem {
  return new HttpProblem({
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    title: 'The body is of a type this route does not take',
    detail: `Send ${wanted}${type === undefined || type === '' ? ' and name it in Content-Type' : ''}`,
  })
}

/** The 413 of a body over its bound. */
export function tooLarge(maxBytes: number): CapabilityError {
  return new CapabilityError('LimitExceeded', `the body is larger than ${maxBytes} bytes`, {
    details: { limit: 'body', max: maxBytes },
  })
}

/** The 400 of a body that ends before it should. A capability's error, so that it passes through stores as it is. */
export function truncated(): CapabilityError {
  return new CapabilityError(
    'InvalidInput',
    'the body ended before it was complete; nothing of it was stored',
    {
      code: 'TRUNCATED_BODY',
    },
  )
}

/**
 * The 400 of a malformed multipart form, with what is wrong and where. The errors of forms are `CapabilityError`s because they
 * pass through the store that reads a file.
 */
export function malformedForm(reason: string): CapabilityError {
  return new CapabilityError('InvalidInput', `the multipart form is malformed: ${reason}`, {
    code: 'MALFORMED_MULTIPART',
  })
}

/** The 400 of a content type over 256 bytes. */
export function contentTypeTooLong(what: string): CapabilityError {
  return new CapabilityError('InvalidInput', `${what} is longer than 256 bytes`, {
    code: 'CONTENT_TYPE_TOO_LONG',
  })
}

/** The 413 of a form with more parts of a kind than the route takes. */
export function tooManyParts(what: 'files' | 'fields'): CapabilityError {
  return new CapabilityError('LimitExceeded', `the form has too many ${what}`, { code: 'TOO_MANY_PARTS' })
}

/** The 413 of a form field over its bound. */
export function fieldTooLong(maxBytes: number): CapabilityError {
  return new CapabilityError('LimitExceeded', `a field of the form may have ${maxBytes} bytes`, {
    code: 'FIELD_TOO_LONG',
  })
}

/** The 400 of a path whose percent-encoding cannot be read. */
export function badPath(): HttpProblem {
  return new HttpProblem({
    status: 400,
    code: 'BAD_URL',
    title: 'The path is not valid: check its percent-encoding',
  })
}

/** The 400 of a query whose percent-encoding cannot be read. */
export function badQuery(): HttpProblem {
  return new HttpProblem({
    status: 400,
    code: 'BAD_URL',
    title: 'The query is not valid: check its percent-encoding, which is of UTF-8',
  })
}

/** The 400 of text that is not UTF-8. */
export function invalidUtf8(): HttpProblem {
  return new HttpProblem({
    status: 400,
    code: 'INVALID_UTF8',
    title: 'The body is not valid UTF-8',
    detail: 'Send text as UTF-8; nothing is replaced or guessed',
  })
}

/** The 414 of a path with a parameter that is longer than the server takes. */
export function pathTooLong(): HttpProblem {
  return new HttpProblem({
    status: 414,
    code: 'PATH_TOO_LONG',
    title: 'A part of the path is longer than the server takes',
  })
}

/** The 404 of a path without a route, or the 405 of a path without that method. */
export function noRoute(method: string, methods: readonly string[]): HttpProblem {
  if (methods.includes(method)) return pathTooLong()
  if (methods.length === 0)
    return new HttpProblem({ status: 404, code: 'NO_SUCH_ROUTE', title: 'There is no such route' })
  return new HttpProblem({
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    title: 'The route does not have this method',
    detail: `It has ${methods.join(', ')}`,
    headers: { allow: methods.join(', ') },
  })
}
