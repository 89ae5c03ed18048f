/** A Worker that sends itself the table of multipart forms. `/wrong?everyBytes=1` answers with the deviations. */
import { hostApp, inChunks, runFormTable } from '@flowport/flow/testing/host'
import { createWorker, type WorkerContext, type WorkerEnv } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'

const worker = createWorker(hostApp('workers', [memory()]))

export default {
  async fetch(request: Request, env: WorkerEnv, context: WorkerContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== '/wrong') return worker.fetch(request, env, context)
    const ask = (path: string, init?: RequestInit) =>
      worker.fetch(new Request(`http://localhost${path}`, init), env, context)
    return Response.json(
      await runFormTable({
        send: (path, type, chunks) =>
          ask(path, { method: 'POST', headers: { 'content-type': type }, body: inChunks(chunks) }),
        get: (path) => ask(path),
        everyBytes: Number(searchParams.get('everyBytes')),
      }),
    )
  },
}
