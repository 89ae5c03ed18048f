/** The functions and flows that tests call inside the page. */
import { type App, defineApp } from '@flowport/flow'
import { createBrowserHost, createOutbox, registerServiceWorker } from '@flowport/host-workers/browser'
import { memory } from '@flowport/presets/memory'
import { app, getNote, putNote, shout } from './app.ts'

/** The same flows on stores that are not durable. Built without the compiler's check, so that the host must refuse it. */
const forgetful: App = {
  ...defineApp({ flows: [], profiles: {} }),
  flows: app.flows,
  profiles: { browser: [memory({ only: ['kv', 'blob'] }), memory({ only: ['queue'], as: 'jobs' })] },
}

/**
 * Result of evaluating text as code. Evaluated while the page loads, because code run by the test's driver bypasses the policy.
 */
const madeOfText = (() => {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- what the policy must forbid
    return new Function('return "allowed"')() as string
  } catch (error) {
    return (error as Error).name
  }
})()

/** Opens, uses and closes a host under the page's policy. */
async function hostAtLoad() {
  const host = createBrowserHost(app)
  const written = await host.invoke(putNote, { input: { id: 'at-load', text: 'x' } })
  const read = await (await host.fetch('/notes/at-load')).json()
  await host.close()
  return { written, read }
}

const lab = {
  madeOfText,
  atLoad: madeOfText === 'EvalError' ? hostAtLoad() : null,
  app,
  forgetful,
  flows: { getNote, putNote, shout },
  createBrowserHost,
  createOutbox,
  registerServiceWorker,
}

export type Lab = typeof lab

Object.assign(globalThis, { lab })
document.documentElement.dataset['ready'] = 'true'
