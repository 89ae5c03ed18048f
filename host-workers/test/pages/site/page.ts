/** What the tests call inside the page. */
import { type App, defineApp } from '@flowport/flow'
import { createBrowserHost, createOutbox, registerServiceWorker } from '@flowport/host-workers/browser'
import { memory } from '@flowport/presets/memory'
import { app, getNote, putNote, shout } from './app.ts'

/** The same flows on stores that forget: what the compiler refuses is here said to be right, so that the host must refuse. */
const forgetful: App = {
  ...defineApp({ flows: [], profiles: {} }),
  flows: app.flows,
  profiles: { browser: [memory({ only: ['kv', 'blob'] }), memory({ only: ['queue'], as: 'jobs' })] },
}

/** What code made of text comes to. Asked while the page loads: what a test's driver runs is free of the policy. */
const madeOfText = (() => {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- what the policy must forbid
    return new Function('return "allowed"')() as string
  } catch (error) {
    return (error as Error).name
  }
})()

/** A whole life of a host under the policy of the page, for the tests that have one. */
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
