/** Calls a process over HTTP. */
import { controlHeader } from '../steps.ts'
import type { Answer, Life } from '../life.ts'

export function httpLife(url: string, control: string, kill: () => Promise<void>): Life {
  return {
    async call(flow, id) {
      const response = await fetch(`${url}/${flow}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [controlHeader]: control },
        body: JSON.stringify({ id }),
      })
      return { status: response.status, body: (await response.json()) as Answer['body'] }
    },
    kill,
  }
}
