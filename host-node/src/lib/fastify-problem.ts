/** Fastify's own errors, such as a bad URL or content length, as problems. */
import { HttpProblem } from '@flowport/flow'
import { badPath, pathTooLong, tooLarge } from '@flowport/flow/http'

/** A client's mistake keeps its status and gets a plain title; anything else stays as it is and becomes a 500. */
export function toFastifyProblem(error: unknown, bodyLimit: number): unknown {
  if (typeof error !== 'object' || error === null || !('statusCode' in error) || !('code' in error))
    return error
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(bodyLimit)
  if (error.code === 'FST_ERR_BAD_URL') return badPath()
  const status = Number(error.statusCode)
  if (status === 414) return pathTooLong()
  if (!(status >= 400 && status < 500)) return error
  const known = titles[String(error.code)]
  return new HttpProblem({
    status,
    code: known?.[0] ?? 'BAD_REQUEST',
    title: known?.[1] ?? 'The request is not valid',
  })
}

const titles: Readonly<Record<string, readonly [code: string, title: string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'UNSUPPORTED_MEDIA_TYPE',
    'The body is of a type this route does not take',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'BAD_CONTENT_LENGTH',
    'The body does not have the length its header says',
  ],
}
