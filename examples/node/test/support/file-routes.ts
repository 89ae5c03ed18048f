/** Test cases for the `/files` routes, shared by the profiles. */
import { describe, expect, it } from 'vitest'
import { ask } from './example-server.ts'
import { bytesOf, movies, picture } from './real-data.ts'

/** Registers the cases against the server at `url()`. */
export function fileRoutes(url: () => string): void {
  const at = (path: string) => url() + path

  describe('/files', () => {
    it('are stored and served with type, length and tag', async () => {
      const bytes = bytesOf(movies)
      const put = await fetch(at('/files/movies.json'), {
        method: 'PUT',
        body: bytes,
        headers: { 'content-type': 'application/json' },
      })
      expect(put.status).toBe(201)
      const stored = (await put.json()) as { key: string; size: number; etag: string; contentType: string }
      expect(stored).toMatchObject({
        key: 'movies.json',
        size: bytes.length,
        contentType: 'application/json',
      })
      const got = await fetch(at('/files/movies.json'))
      expect(got.headers.get('etag')).toBe(`"${stored.etag}"`)
      expect(got.headers.get('content-type')).toBe('application/json')
      expect(new Uint8Array(await got.arrayBuffer())).toEqual(bytes)
      const head = await fetch(at('/files/movies.json'), { method: 'HEAD' })
      expect(head.status).toBe(200)
      expect(head.headers.get('content-length')).toBe(String(bytes.length))
    })

    it('are served in ranges, and answered with 304 when the client has them', async () => {
      const bytes = bytesOf(picture)
      await fetch(at('/files/7zip.png'), {
        method: 'PUT',
        body: bytes,
        headers: { 'content-type': 'image/png' },
      })
      const range = async (value: string, more: Record<string, string> = {}) => {
        const response = await fetch(at('/files/7zip.png'), { headers: { range: value, ...more } })
        return {
          status: response.status,
          range: response.headers.get('content-range'),
          bytes: new Uint8Array(await response.arrayBuffer()),
        }
      }
      expect(await range('bytes=10-19')).toEqual({
        status: 206,
        range: `bytes 10-19/${bytes.length}`,
        bytes: bytes.slice(10, 20),
      })
      expect((await range('bytes=-5')).bytes).toEqual(bytes.slice(-5))
      expect((await range(`bytes=${bytes.length - 3}-`)).bytes).toEqual(bytes.slice(-3))
      expect((await range(`bytes=0-${bytes.length * 2}`)).bytes).toEqual(bytes)
      expect((await range('bytes=0-1,4-5')).status).toBe(200)
      expect((await range('pages=1')).status).toBe(200)
      expect((await range('bytes=0-1', { 'if-range': '"other"' })).status).toBe(200)
      const etag = (await fetch(at('/files/7zip.png'), { method: 'HEAD' })).headers.get('etag') ?? ''
      expect((await range('bytes=0-1', { 'if-range': etag })).status).toBe(206)
      const known = await fetch(at('/files/7zip.png'), { headers: { 'if-none-match': `W/${etag}, "x"` } })
      expect([known.status, await known.text()]).toEqual([304, ''])
      expect((await fetch(at('/files/7zip.png'), { headers: { 'if-match': '"x"' } })).status).toBe(412)
    })

    it('are uploaded in forms, several at a time', async () => {
      const form = new FormData()
      form.append('a', new Blob([bytesOf(picture)], { type: 'image/png' }), 'form-1.png')
      form.append('b', new Blob([bytesOf(movies)], { type: 'application/json' }), 'form-2.json')
      form.append('b', new Blob(['']), 'form-3.empty')
      const response = await fetch(at('/files'), { method: 'POST', body: form })
      expect(response.status).toBe(201)
      const { files } = (await response.json()) as {
        files: { key: string; size: number; contentType: string }[]
      }
      expect(files.map(({ key, size }) => [key, size])).toEqual([
        ['form-1.png', bytesOf(picture).length],
        ['form-2.json', bytesOf(movies).length],
        ['form-3.empty', 0],
      ])
      expect(files[0]?.contentType).toBe('image/png')
      expect(new Uint8Array(await (await fetch(at('/files/form-1.png'))).arrayBuffer())).toEqual(
        bytesOf(picture),
      )
      const listed = (await ask(at('/files?prefix=form-'))).body as {
        files: { key: string }[]
        listComplete: boolean
      }
      expect(listed.files.map(({ key }) => key)).toEqual(['form-1.png', 'form-2.json', 'form-3.empty'])
      expect(listed.listComplete).toBe(true)
    })

    it('are deleted, and can be deleted twice', async () => {
      await fetch(at('/files/gone'), { method: 'PUT', body: 'x' })
      expect((await fetch(at('/files/gone'), { method: 'DELETE' })).status).toBe(204)
      expect((await fetch(at('/files/gone'), { method: 'DELETE' })).status).toBe(204)
      expect((await ask(at('/files/gone'))).status).toBe(404)
    })
  })
}
