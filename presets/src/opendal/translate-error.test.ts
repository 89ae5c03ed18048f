import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CapabilityError } from '@flowport/capabilities'
import { operatorFactory } from './factory.node.ts'
import { tempDirectories } from '../../test/support/opendal-temp-directory.ts'
import { translateOpenDalError } from './translate-error.ts'

const directory = tempDirectories()

/** The parts of a translated error that decide what its caller does. */
function told(message: string, code = 'GenericFailure') {
  return shown(Object.assign(new Error(message), { code }))
}

function shown(thrown: unknown): string {
  const { kind, retryable, reason, retryAfterMs, details } = translateOpenDalError(thrown)
  return `${kind}, ${retryable}${retryAfterMs === undefined ? '' : `, after ${retryAfterMs} ms`}: ${reason} ${JSON.stringify(details)}`
}

/** What an operation of OpenDAL throws. */
async function thrown(call: () => Promise<unknown>): Promise<Error> {
  const outcome = await call().then(
    () => null,
    (error: unknown) => error,
  )
  if (outcome instanceof Error) return outcome
  return expect.fail('the call succeeded')
}

/** The text as it is on any run: without ports and paths of this machine. */
function steady(error: unknown): string {
  const { kind, retryable, cause } = translateOpenDalError(error)
  const text = cause instanceof Error ? cause.message : ''
  return `${kind}, ${retryable}: ${text.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')}`
}

const kinds = [
  'Unexpected',
  'Unsupported',
  'ConfigInvalid',
  'NotFound',
  'PermissionDenied',
  'IsADirectory',
  'NotADirectory',
  'AlreadyExists',
  'RateLimited',
  'IsSameFile',
  'ConditionNotMatch',
  'RangeNotSatisfied',
  'Conflict',
  'KindOfNextYear',
]

describe('translateOpenDalError', () => {
  it('knows every kind, permanent', () => {
    expect(
      kinds.map((kind) => `${kind} → ${told(`${kind} (permanent) at read => words`)}`),
    ).toMatchInlineSnapshot(`
      [
        "Unexpected → Unexpected, never: OpenDAL failed in a way this version does not know {"opendal":"Unexpected","flag":"permanent"}",
        "Unsupported → Unsupported, never: the service cannot do this {"opendal":"Unsupported","flag":"permanent"}",
        "ConfigInvalid → Misconfigured, never: the service is not configured for this: words {"opendal":"ConfigInvalid","flag":"permanent"}",
        "NotFound → NotFound, never: the service does not have it {"opendal":"NotFound","flag":"permanent"}",
        "PermissionDenied → PermissionDenied, never: the service refuses it: check what the credentials allow {"opendal":"PermissionDenied","flag":"permanent"}",
        "IsADirectory → Unsupported, never: the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b" {"opendal":"IsADirectory","flag":"permanent"}",
        "NotADirectory → Unsupported, never: the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b" {"opendal":"NotADirectory","flag":"permanent"}",
        "AlreadyExists → AlreadyExists, never: something is there already; it was left as it is {"opendal":"AlreadyExists","flag":"permanent"}",
        "RateLimited → RateLimited, temporary: the service asks for fewer calls {"opendal":"RateLimited","flag":"permanent"}",
        "IsSameFile → InvalidInput, never: source and target are the same {"opendal":"IsSameFile","flag":"permanent"}",
        "ConditionNotMatch → ConditionNotMatch, never: the object has another version; read it again {"opendal":"ConditionNotMatch","flag":"permanent"}",
        "RangeNotSatisfied → RangeNotSatisfied, never: the range starts after the end of the object {"opendal":"RangeNotSatisfied","flag":"permanent"}",
        "Conflict → Unavailable, temporary: another call changes the same object: try again {"opendal":"Conflict","flag":"permanent"}",
        "KindOfNextYear → Unexpected, never: OpenDAL failed in a way this version does not know {"opendal":"KindOfNextYear","flag":"permanent"}",
      ]
    `)
  })

  it('takes the temporary ones for temporary', () => {
    expect(
      kinds.map((kind) => `${kind} → ${told(`${kind} (temporary) at read => words`)}`),
    ).toMatchInlineSnapshot(`
      [
        "Unexpected → Unavailable, temporary: the service cannot be reached, or broke off {"opendal":"Unexpected","flag":"temporary"}",
        "Unsupported → Unsupported, never: the service cannot do this {"opendal":"Unsupported","flag":"temporary"}",
        "ConfigInvalid → Misconfigured, never: the service is not configured for this: words {"opendal":"ConfigInvalid","flag":"temporary"}",
        "NotFound → NotFound, never: the service does not have it {"opendal":"NotFound","flag":"temporary"}",
        "PermissionDenied → PermissionDenied, never: the service refuses it: check what the credentials allow {"opendal":"PermissionDenied","flag":"temporary"}",
        "IsADirectory → Unsupported, never: the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b" {"opendal":"IsADirectory","flag":"temporary"}",
        "NotADirectory → Unsupported, never: the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b" {"opendal":"NotADirectory","flag":"temporary"}",
        "AlreadyExists → AlreadyExists, never: something is there already; it was left as it is {"opendal":"AlreadyExists","flag":"temporary"}",
        "RateLimited → RateLimited, temporary: the service asks for fewer calls {"opendal":"RateLimited","flag":"temporary"}",
        "IsSameFile → InvalidInput, never: source and target are the same {"opendal":"IsSameFile","flag":"temporary"}",
        "ConditionNotMatch → ConditionNotMatch, never: the object has another version; read it again {"opendal":"ConditionNotMatch","flag":"temporary"}",
        "RangeNotSatisfied → RangeNotSatisfied, never: the range starts after the end of the object {"opendal":"RangeNotSatisfied","flag":"temporary"}",
        "Conflict → Unavailable, temporary: another call changes the same object: try again {"opendal":"Conflict","flag":"temporary"}",
        "KindOfNextYear → Unavailable, temporary: the service cannot be reached, or broke off {"opendal":"KindOfNextYear","flag":"temporary"}",
      ]
    `)
  })

  it('lets nobody retry what OpenDAL has retried', () => {
    for (const kind of kinds) {
      expect(translateOpenDalError(new Error(`${kind} (persistent) at write => words`)).retryable, kind).toBe(
        'never',
      )
    }
    expect(told('RateLimited (persistent) at write => slow down')).toMatchInlineSnapshot(
      `"RateLimited, never: the service asks for fewer calls {"opendal":"RateLimited","flag":"persistent"}"`,
    )
    expect(told('Unexpected (persistent) at read => operation timeout reached')).toMatchInlineSnapshot(
      `"Timeout, never: the service did not answer in time {"opendal":"Unexpected","flag":"persistent"}"`,
    )
  })

  it('reads status, service code and Retry-After where OpenDAL has no kind', () => {
    const answer = (status: number, code: string, flag = 'permanent') =>
      told(
        `Unexpected (${flag}) at read, context: { uri: http://h/b/k, response: Parts { status: ${status}, version: HTTP/1.1, ` +
          `headers: {"retry-after": "7", "set-cookie": "session=}MARK"} }, service: s3, path: k } => S3Error { code: "${code}", message: "words" }`,
      )
    expect([
      answer(400, 'RequestTimeTooSkewed'),
      answer(401, 'InvalidToken'),
      answer(403, 'AccessDenied'),
      answer(408, 'RequestTimeout'),
      answer(429, 'TooManyRequests'),
      answer(500, 'InternalError', 'temporary'),
      answer(503, 'SlowDown', 'temporary'),
    ]).toMatchInlineSnapshot(`
      [
        "Unexpected, never, after 7000 ms: the service answers with status 400 (RequestTimeTooSkewed) {"opendal":"Unexpected","flag":"permanent","status":400,"serviceCode":"RequestTimeTooSkewed"}",
        "Unauthenticated, never, after 7000 ms: the service does not accept the credentials (InvalidToken) {"opendal":"Unexpected","flag":"permanent","status":401,"serviceCode":"InvalidToken"}",
        "PermissionDenied, never, after 7000 ms: the service refuses it (AccessDenied) {"opendal":"Unexpected","flag":"permanent","status":403,"serviceCode":"AccessDenied"}",
        "Timeout, temporary, after 7000 ms: the service waited too long for the request {"opendal":"Unexpected","flag":"permanent","status":408,"serviceCode":"RequestTimeout"}",
        "RateLimited, temporary, after 7000 ms: the service asks for fewer calls {"opendal":"Unexpected","flag":"permanent","status":429,"serviceCode":"TooManyRequests"}",
        "Unavailable, temporary, after 7000 ms: the service fails: status 500 (InternalError) {"opendal":"Unexpected","flag":"temporary","status":500,"serviceCode":"InternalError"}",
        "Unavailable, temporary, after 7000 ms: the service fails: status 503 (SlowDown) {"opendal":"Unexpected","flag":"temporary","status":503,"serviceCode":"SlowDown"}",
      ]
    `)
  })

  it('knows what a file system means, which OpenDAL takes for temporary', () => {
    const refused = (words: string, code: number) =>
      told(
        `Unexpected (temporary) at write, context: { service: fs, path: k } => ${words} (os error ${code})`,
      )
    expect([
      refused('source: Not a directory', 20),
      refused('source: Is a directory', 21),
      refused('source: No space left on device', 28),
      refused('source: File name too long', 36),
      refused('source: Directory not empty', 39),
      refused('source: Disk quota exceeded', 122),
      told(
        'Unexpected (temporary) at write => invalid input parameter, source: file name contained an unexpected NUL byte',
      ),
    ]).toMatchInlineSnapshot(`
      [
        "Unsupported, never: the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b" {"opendal":"Unexpected","flag":"temporary"}",
        "Unsupported, never: the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b" {"opendal":"Unexpected","flag":"temporary"}",
        "Unavailable, never: the disk is full: make room {"opendal":"Unexpected","flag":"temporary"}",
        "LimitExceeded, never: the service cannot have so long a name {"opendal":"Unexpected","flag":"temporary"}",
        "Unsupported, never: the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b" {"opendal":"Unexpected","flag":"temporary"}",
        "Unavailable, never: the disk is full: make room {"opendal":"Unexpected","flag":"temporary"}",
        "InvalidInput, never: the service does not take this key {"opendal":"Unexpected","flag":"temporary"}",
      ]
    `)
  })

  it('knows timeouts, missing credentials, short answers, and arguments OpenDAL does not take', () => {
    expect([
      told('Unexpected (temporary) at Reader::read => io operation timeout reached'),
      told(
        'Unexpected (permanent) at read => loading credential to sign http request, source: no credential',
      ),
      told('Unexpected (permanent) at , context: { expect: 10, actual: 1 } => reader got too little data'),
      told('BigInt expected on ReadOptions.offset', 'BigintExpected'),
      told('Panic in async function'),
      shown('a text that was thrown'),
      shown(undefined),
    ]).toMatchInlineSnapshot(`
      [
        "Timeout, temporary: the service did not answer in time {"opendal":"Unexpected","flag":"temporary"}",
        "Unauthenticated, never: there are no credentials for the service: give them in its config {"opendal":"Unexpected","flag":"permanent"}",
        "Unavailable, temporary: the service sent another number of bytes than it said {"opendal":"Unexpected","flag":"permanent"}",
        "InvalidInput, never: OpenDAL does not take an argument of this call {"opendal":"BigintExpected"}",
        "Unexpected, never: OpenDAL failed in a way this version does not know {"opendal":"none"}",
        "Unexpected, never: OpenDAL failed in a way this version does not know {"opendal":"none"}",
        "Unexpected, never: OpenDAL failed in a way this version does not know {"opendal":"none"}",
      ]
    `)
  })

  it('takes a kind from the head alone, whatever a key or a service says', () => {
    const forged = 'x\nNotFound (permanent) at stat => gone'
    expect(told(`Unexpected (permanent) at read, context: { path: ${forged} } => words`)).toMatch(
      /^Unexpected, never/,
    )
    expect(told(forged)).toMatch(/^Unexpected, never/)
    expect(
      told('PermissionDenied (permanent) at read, context: { path: a (os error 28) } => S3Error {}'),
    ).toMatch(/^PermissionDenied, never/)
  })

  it('leaves a CapabilityError unchanged, and adds the place', () => {
    const error = new CapabilityError('Timeout', 'too late')
    expect(translateOpenDalError(error)).toBe(error)
    const placed = translateOpenDalError(error, { capability: 'blob', operation: 'get', key: 'k' })
    expect(placed).toMatchObject({ kind: 'Timeout', capability: 'blob', operation: 'get', key: 'k' })
  })

  it('shows no secret, in no form', () => {
    const mark = 'MARK5ecret'
    const corpus = [
      `Unexpected (temporary) at read, context: { url: https://user:${mark}@host/b, called: send } => error for url (https://a:${mark}@host/b)`,
      `Unexpected (temporary) at read, context: { url: https://h/c/k?sv=2024&sig=${mark}%3D&se=1 } => send, source: error sending request for url (https://h/c/k?sig=${mark})`,
      `Unexpected (permanent) at , context: { endpoint: redis://u:${mark}/x@:bad } => parse failed`,
      `ConfigInvalid (permanent) at => parse config 'password' with value: ${mark}`,
      `ConfigInvalid (permanent) at => password=${mark}&secret_access_key: "${mark}" session_token='${mark}'`,
      `Unexpected (permanent) at read, context: { response: Parts { status: 500, headers: {"x-token": "${mark}", "odd": "} \\" ${mark}"} } } => fail`,
      `Unexpected (permanent) at read => Authorization: Bearer ${mark}`,
      `Unexpected (permanent) at read => Authorization: AWS4-HMAC-SHA256 Credential=${mark}/x, SignedHeaders=host, Signature=${mark}`,
      `Unexpected (permanent) at read => <StringToSign>AWS4-HMAC-SHA256 ${mark}</StringToSign>`,
    ]
    for (const text of corpus) {
      const error = translateOpenDalError(new Error(text), { capability: 'blob', operation: 'get', key: 'k' })
      const seen = [
        error.message,
        error.stack,
        JSON.stringify(error),
        inspect(error, { depth: 9, showHidden: true }),
      ]
      for (const each of seen) expect(each, text).not.toContain(mark)
    }
  })
})

describe('errors of real services', () => {
  it('of a file system', async () => {
    const operator = await operatorFactory({ scheme: 'fs', config: { root: directory() } }).build()
    await operator.write('a', Buffer.from('one'))
    await operator.write('d/x', Buffer.from('two'))
    const errors = [
      await thrown(() => operator.read('missing')),
      await thrown(() => operator.stat('a/beneath')),
      await thrown(() => operator.write('a/beneath', Buffer.from('x'))),
      await thrown(() => operator.write('d', Buffer.from('x'))),
      await thrown(() => operator.write('a', Buffer.from('x'), { ifNotExists: true })),
      await thrown(() => operator.read('a', { offset: 1n, size: 10n })),
      await thrown(() => operator.read('d/')),
      await thrown(() => operator.copy('a', 'a')),
      await thrown(() => operator.write('n'.repeat(300), Buffer.from('x'))),
      await thrown(async () => operator.read('a', { offset: 1 as never })),
      await thrown(() => operator.presignRead('a', 60)),
    ]
    expect(errors.map((error) => steady(error).replaceAll(/n{300}/g, 'n…'))).toMatchInlineSnapshot(`
      [
        "NotFound, never: NotFound (permanent) at read, context: { service: fs, path: missing, range: 0- } => entity not found, source: No such file or directory (os error 2)",
        "Unsupported, never: Unexpected (temporary) at stat, context: { service: fs, path: a/beneath } => not a directory, source: Not a directory (os error 20)",
        "Unsupported, never: AlreadyExists (permanent) at write, context: { service: fs, path: a/beneath } => entity already exists, source: File exists (os error 17)",
        "Unsupported, never: Unexpected (temporary) at write, context: { service: fs, path: d } => is a directory, source: Is a directory (os error 21)",
        "ConditionNotMatch, never: ConditionNotMatch (permanent) at write, context: { service: fs, path: a } => The file already exists in the filesystem, source: File exists (os error 17)",
        "Unavailable, temporary: Unexpected (permanent) at , context: { expect: 10, actual: 2 } => reader got too little data",
        "Unsupported, never: IsADirectory (permanent) at read, context: { service: fs, path: d/ } => read path is a directory",
        "InvalidInput, never: IsSameFile (permanent) at Operator::copy, context: { service: fs, from: a, to: a } => from and to paths are same",
        "LimitExceeded, never: Unexpected (temporary) at write, context: { service: fs, path: n… } => invalid filename, source: File name too long (os error 36)",
        "InvalidInput, never:  on ReadOptions.offset",
        "Unsupported, never: Unsupported (permanent) at presign, context: { service: fs, path: a } => operation is not supported",
      ]
    `)
  })

  it('of memory', async () => {
    const operator = await operatorFactory({ scheme: 'memory' }).build()
    const errors = [
      await thrown(() => operator.read('missing')),
      await thrown(() => operator.rename('a', 'b')),
      await thrown(() => operator.write('a', Buffer.from('x'), { ifMatch: 'x', append: true })),
    ]
    expect(errors.map(steady)).toMatchInlineSnapshot(`
      [
        "NotFound, never: NotFound (permanent) at read, context: { service: memory, path: missing, range: 0- } => memory doesn't have this path",
        "Unsupported, never: Unsupported (permanent) at rename, context: { service: memory, from: a, to: b } => operation is not supported",
        "Unsupported, never: Unsupported (permanent) at write => The service memory does not support the operation write with the arguments append. Please verify if the relevant flags have been enabled, or submit an issue if you believe this is incorrect.",
      ]
    `)
  })

  it('of S3 that nobody serves, without the credentials', async () => {
    const operator = await operatorFactory({
      scheme: 's3',
      config: {
        bucket: 'bucket',
        region: 'nowhere',
        endpoint: 'http://user:MARKpass@127.0.0.1:1',
        access_key_id: 'MARKid',
        secret_access_key: 'MARKsecret',
        session_token: 'MARKtoken',
        disable_config_load: true,
      },
    }).build()
    const error = await thrown(() => operator.read('key'))
    expect(steady(error)).toMatchInlineSnapshot(
      `"Unavailable, temporary: Unexpected (temporary) at read, context: { url: http://***@127.0.0.1:PORT/bucket/key, called: http_util::Client::send, service: s3, path: key, range: 0- } => send http request, source: error sending request for url (http://127.0.0.1:PORT/bucket/key)"`,
    )
    expect(inspect(translateOpenDalError(error), { depth: 9 })).not.toContain('MARK')
  })
})
