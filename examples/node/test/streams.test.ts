import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ExampleServer, startExample } from './support/example-server.ts'

let server: ExampleServer
beforeAll(async () => {
  server = await startExample()
})
afterAll(() => server.stop())

const names = (text: string) => [...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1])

describe('GET /sites/:site/status', () => {
  it('sends one snapshot and five updates', async () => {
    const response = await fetch(`${server.url}/sites/main/status?intervalMs=1`)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const text = await response.text()
    expect(names(text)).toEqual(['snapshot', 'update_1', 'update_2', 'update_3', 'update_4', 'update_5'])
    expect(text).toMatch(/^retry: \d+\n\nid: 0\nevent: snapshot\ndata: \{"site":"main",/)
  })

  it('serves 64 clients at the same time', async () => {
    const texts = await Promise.all(
      Array.from({ length: 64 }, async (_, i) =>
        (await fetch(`${server.url}/sites/s${i}/status?intervalMs=20`)).text(),
      ),
    )
    for (const [i, text] of texts.entries()) {
      expect(names(text)).toHaveLength(6)
      expect(text.match(/"site":"s\d+"/g)?.every((site) => site === `"site":"s${i}"`)).toBe(true)
    }
  })

  it('sends NDJSON when the client accepts it', async () => {
    const response = await fetch(`${server.url}/sites/main/status?intervalMs=0`, {
      headers: { accept: 'application/x-ndjson' },
    })
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; data: { sequence: number } })
    expect(lines.map(({ event, data }) => [event, data.sequence])).toEqual([
      ['snapshot', 0],
      ['update_1', 1],
      ['update_2', 2],
      ['update_3', 3],
      ['update_4', 4],
      ['update_5', 5],
    ])
  })

  it('sends the first event before the next is produced', async () => {
    const first = await new Promise<string>((resolve, reject) => {
      const call = request(`${server.url}/sites/slow/status?intervalMs=60000`, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          if (!text.includes('snapshot')) return
          resolve(text)
          call.destroy()
        })
      })
      call.on('error', reject)
      call.end()
    })
    expect(names(first)).toEqual(['snapshot'])
  })
})
