/** A file's key is made of the form's fields or of its content, so that an upload which is sent again is the same request. */
import { expect } from 'vitest'
import { stagingPrefix } from '../../http/staging.ts'
import { type Ask, fresh, type HostGroup, problemOf } from './case.ts'

/** SHA-256 of `hello`. */
const hello = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'

interface Part {
  readonly field: string
  readonly filename?: string
  readonly content: string
}

/** Sends the parts in their order, under this boundary. */
function send(ask: Ask, path: string, boundary: string, parts: readonly Part[]): Promise<Response> {
  const lines = parts.map(({ field, filename, content }) => {
    const head = `Content-Disposition: form-data; name="${field}"`
    const file = filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: text/plain`
    return `--${boundary}\r\n${head}${file}\r\n\r\n${content}\r\n`
  })
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  return ask(path, { method: 'POST', headers, body: `${lines.join('')}--${boundary}--\r\n` })
}

const file = (content: string, filename = 'a.txt', field = 'f'): Part => ({ field, filename, content })
const field = (name: string, content: string): Part => ({ field: name, content })

async function keysOf(ask: Ask, prefix: string): Promise<unknown> {
  return (await ask(`/blobs?prefix=${encodeURIComponent(prefix)}`)).json()
}

/** Nothing of this host waits for its key any more. */
async function expectNoneWaiting(ask: Ask): Promise<void> {
  await expect.poll(() => keysOf(ask, stagingPrefix)).toEqual([])
}

const put = (ask: Ask, folder: string, body: string, headers: Record<string, string> = {}) =>
  ask(`/bodies-by-content/${folder}`, {
    method: 'PUT',
    body,
    headers: { 'content-type': 'text/plain', ...headers },
  })

/** Values that would lead a key to another folder, or that a file system does not take as a name. */
const unusable = ['', '.', '..', '../other', 'a/b', 'a\\b', 'a\u0001b', 'ü'.repeat(128)]

export const uploadKeys: HostGroup = {
  name: 'keys of uploads',
  cases: [
    {
      name: 'a form that is sent again under another boundary is the same request to a node with a key',
      async run(ask) {
        const order = fresh()
        const parts = [file('hello'), field('order', order), field('title', 'Order')]
        const stored = {
          count: 1,
          files: [{ key: `by-content/${order}/${hello}`, size: 5, contentType: 'text/plain' }],
        }
        for (const boundary of ['first', 'second-one']) {
          const response = await send(ask, '/orders-by-content', boundary, parts)
          expect([response.status, await response.json()]).toEqual([201, stored])
        }
        await problemOf(
          send(ask, '/orders-by-content', 'third', [file('jello'), ...parts.slice(1)]),
          422,
          'IDEM099',
        )
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'files of one form with the same content are one object',
      async run(ask) {
        const order = fresh()
        const parts = [file('hello', 'a.txt'), file('hello', 'b.txt'), field('order', order)]
        const response = await send(ask, '/orders-by-content', 'B', parts)
        const { files } = (await response.json()) as { readonly files: readonly { readonly key: string }[] }
        const key = `by-content/${order}/${hello}`
        expect(files.map((one) => one.key)).toEqual([key, key])
        expect(await keysOf(ask, `by-content/${order}/`)).toEqual([key])
      },
    },
    {
      name: 'a key is made of fields before and after the file',
      async run(ask) {
        const order = fresh()
        const parts = [field('copy', '2'), file('x', 'naïve 1.txt', 'scan'), field('order', order)]
        const response = await send(ask, '/forms-by-fields', 'B', parts)
        const key = `${order}/2/scan/naïve 1.txt`
        expect([response.status, await response.json()]).toEqual([
          201,
          [{ key, size: 1, contentType: 'text/plain' }],
        ])
        expect(await keysOf(ask, `${order}/`)).toEqual([key])
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'two files of a form with one key are 400, and nothing is stored',
      async run(ask) {
        const order = fresh()
        const parts = [file('x'), file('y'), field('order', order), field('copy', '1')]
        await problemOf(send(ask, '/forms-by-fields', 'B', parts), 400, 'FILE_TWICE')
        expect(await keysOf(ask, `${order}/`)).toEqual([])
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'a field that cannot be part of a key is 422 with its pointer, and nothing is stored',
      async run(ask) {
        const copy = fresh()
        for (const order of unusable) {
          const parts = [file('x'), field('order', order), field('copy', copy)]
          const { details } = await problemOf(send(ask, '/forms-by-fields', 'B', parts), 422, 'INVALID_INPUT')
          expect(details).toEqual({
            issues: [{ pointer: '/order', message: expect.stringContaining('part of a key') }],
          })
        }
        await problemOf(
          send(ask, '/forms-by-fields', 'B', [file('x'), field('copy', copy)]),
          422,
          'INVALID_INPUT',
        )
        expect(JSON.stringify(await keysOf(ask, ''))).not.toContain(copy)
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'a filename that cannot be part of a key is 422 with the place of the file',
      async run(ask) {
        const fields = [field('order', fresh()), field('copy', '1')]
        for (const filename of ['..', 'a/b', 'a\\b']) {
          const parts = [file('x'), file('y', filename), ...fields]
          const { details } = await problemOf(send(ask, '/forms-by-fields', 'B', parts), 422, 'INVALID_INPUT')
          expect(details).toMatchObject({ issues: [{ pointer: '/files/1' }] })
        }
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'a key that values lead to a reserved part of the store is 400',
      async run(ask) {
        for (const reserved of ['uploads', 'answers']) {
          const parts = [file('x'), field('order', '.flowport'), field('copy', reserved)]
          await problemOf(send(ask, '/forms-by-fields', 'B', parts), 400, 'RESERVED_KEY')
        }
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'content that is stored already is not written again',
      async run(ask) {
        const folder = fresh()
        const key = `bodies/${folder}/${hello}`
        expect(await (await put(ask, folder, 'hello')).json()).toMatchObject({
          key,
          contentType: 'text/plain',
        })
        const again = await put(ask, folder, 'hello', { 'content-type': 'text/csv' })
        expect([again.status, await again.json()]).toEqual([201, { key, size: 5, contentType: 'text/csv' }])
        const stored = await ask(`/blobs/${encodeURIComponent(key)}`)
        expect([stored.headers.get('content-type'), await stored.text()]).toEqual(['text/plain', 'hello'])
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'the same content from several clients at a time is one object',
      async run(ask) {
        const folder = fresh()
        const answers = await Promise.all(Array.from({ length: 8 }, () => put(ask, folder, 'hello')))
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
        expect(await keysOf(ask, `bodies/${folder}/`)).toEqual([`bodies/${folder}/${hello}`])
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'conditions hold for a key that is made of the content',
      async run(ask) {
        const folder = fresh()
        const create = () => put(ask, folder, 'hello', { 'if-none-match': '*' })
        expect((await create()).status).toBe(201)
        await problemOf(create(), 412, 'PRECONDITION_FAILED')
        await problemOf(put(ask, folder, 'jello', { 'if-match': '*' }), 412, 'PRECONDITION_FAILED')
        expect(await keysOf(ask, `bodies/${folder}/`)).toEqual([`bodies/${folder}/${hello}`])
        await expectNoneWaiting(ask)
      },
    },
    {
      name: 'a body over its bound leaves nothing of it',
      async run(ask) {
        const folder = fresh()
        const body = 'x'.repeat(1024 * 1024 + 1)
        expect((await put(ask, folder, body)).status).toBe(413)
        const form = [file(body), field('order', folder)]
        expect((await send(ask, '/orders-by-content', 'B', form)).status).toBe(413)
        expect(await keysOf(ask, `bodies/${folder}/`)).toEqual([])
        await expectNoneWaiting(ask)
      },
    },
  ],
}
