/** Whether presigned URLs work as they say and no other way, and whether a wrong secret is refused. */
import { isKind } from '../../error.ts'
import {
  confirmed,
  describeError,
  falseClaim,
  type Observation,
  type ProbeCheck,
  skipped,
  unmeasured,
  verdict,
} from '../check.ts'
import { type BlobProbeSubject, textUnder } from './subject.ts'

const about = 'features.presign'

export const presigned: ProbeCheck<BlobProbeSubject> = {
  name: 'presigned URLs',
  async run(subject) {
    const { blob, info, clock, signal, key, maxWaitMs } = subject
    if (!subject.tries('presign') || !blob.info.features.presign)
      return [skipped(about, false, 'not claimed')]
    const [one, other, written] = [key('presigned/a b+c'), key('presigned/other'), key('presigned/put')]
    await blob.put(one, 'signed', { signal })
    await blob.put(other, 'not signed', { signal })
    const get = await blob.presign(one, { method: 'get', expiresInSeconds: 60, signal })
    const put = await blob.presign(written, { method: 'put', expiresInSeconds: 60, signal })
    const got = await ask(subject, get)
    const stored = await ask(subject, put, { method: 'PUT', body: 'by URL' })
    const works = [
      got.ok && got.text === 'signed' ? null : `the URL to read answered ${got.status}`,
      stored.ok ? null : `the URL to write answered ${stored.status}`,
      !stored.ok || (await textUnder(subject, written)) === 'by URL'
        ? null
        : 'the URL to write wrote nothing',
    ]
    const safe = [
      await opens(subject, withAnotherSignature(get), 'a URL with an altered signature'),
      await opens(subject, withPathOf(get, other), 'a URL made out to another key'),
      await opens(subject, get, 'a URL to read, used to write', { method: 'PUT', body: 'forged' }),
    ]
    const faults = [...works, ...safe].filter((fault) => fault !== null)
    return [
      verdict(about, info.features.presign, faults, 'read, written, forged'),
      maxWaitMs < expiryWaitMs
        ? skipped(about, 'expiresInSeconds', `needs a wait of ${expiryWaitMs} ms`)
        : await expiry(subject, one, () => clock.sleep(expiryWaitMs, { signal })),
    ]
  },
}

/** The same endpoint must not serve a caller whose signatures are wrong. */
export const wrongSecret: ProbeCheck<BlobProbeSubject> = {
  name: 'wrong secret',
  async run({ blob, wrongSecret, signal, key }) {
    if (wrongSecret === null) return [skipped('contract', 'credentials', 'give wrongSecret to try it')]
    const one = key('secret')
    await blob.put(one, 'value', { signal })
    try {
      const handle = await wrongSecret.get(one, { signal })
      await handle?.cancel()
      return [falseClaim('contract', 'credentials', 'a wrong secret was accepted')]
    } catch (error) {
      return [
        isKind(error, 'Unauthenticated', 'PermissionDenied')
          ? confirmed('contract', 'credentials', 'a wrong secret was refused', describeError(error))
          : unmeasured('contract', 'credentials', 'a wrong secret got no clear answer', describeError(error)),
      ]
    }
  },
}

/** A second is the shortest there is; stores count them in whole ones. */
const expiryWaitMs = 2_500

async function expiry(
  subject: BlobProbeSubject,
  key: string,
  wait: () => Promise<void>,
): Promise<Observation> {
  const url = await subject.blob.presign(key, { method: 'get', expiresInSeconds: 1, signal: subject.signal })
  await wait()
  const late = await ask(subject, url)
  const seen = `status ${late.status} after ${expiryWaitMs} ms`
  return late.ok
    ? falseClaim(about, 'expiresInSeconds', 'a URL works after its time', seen)
    : confirmed(about, 'expiresInSeconds', 'a URL does not work after its time', seen)
}

interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly text: string
}

async function ask({ fetch, signal }: BlobProbeSubject, url: URL, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url.href, { redirect: 'manual', ...init, signal })
  return { ok: response.ok, status: response.status, text: await response.text() }
}

async function opens(
  subject: BlobProbeSubject,
  url: URL,
  what: string,
  init?: RequestInit,
): Promise<string | null> {
  return (await ask(subject, url, init)).ok ? `${what} was accepted` : null
}

/** The URL with the last letter of its longest parameter changed, which is the signature in every scheme there is. */
function withAnotherSignature(url: URL): URL {
  const forged = new URL(url)
  const named = [...forged.searchParams].find(([name]) => /signature$|^sig$/i.test(name))
  const [name, value] = named ?? [...forged.searchParams].reduce(longer, ['', ''])
  forged.searchParams.set(name, value.slice(0, -1) + (value.endsWith('0') ? '1' : '0'))
  return forged
}

function longer(a: [string, string], b: [string, string]): [string, string] {
  return b[1].length > a[1].length ? b : a
}

/** The URL with its last path segments replaced by another key's. */
function withPathOf(url: URL, key: string): URL {
  const forged = new URL(url)
  const last = key.slice(key.lastIndexOf('/') + 1)
  const folder = forged.pathname.slice(0, forged.pathname.lastIndexOf('/') + 1)
  forged.pathname = folder + encodeURIComponent(last)
  return forged
}
