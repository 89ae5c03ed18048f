/** The conformance suite of hosts: what goes over HTTP is the same, whichever server is between. */
import type { Awaitable } from '@flowport/capabilities'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answers } from './host/answers.ts'
import { bodies } from './host/bodies.ts'
import { conditions } from './host/conditions.ts'
import type { Ask, HostGroup } from './host/case.ts'
import { doors } from './host/doors.ts'
import { errors } from './host/errors.ts'
import { forms } from './host/forms.ts'
import { inputs } from './host/inputs.ts'
import { operations } from './host/operations.ts'
import { recorded } from './host/recorded.ts'
import { recordedStreams } from './host/recorded-streams.ts'
import { recordedUploads } from './host/recorded-uploads.ts'
import { streams } from './host/streams.ts'
import { texts } from './host/texts.ts'
import { uploadKeys } from './host/upload-keys.ts'

export interface OpenedHost {
  /** Sends a request to a path, such as `/items?x=1`. */
  readonly ask: Ask
  /** Called after the last case. */
  readonly close?: () => Awaitable<void>
}

export interface HostHarness {
  /** Serves `hostApp(profile, providers)`, with providers that bind `blob` and `dedupe`; called once. */
  readonly open: () => Awaitable<OpenedHost>
  /** Cases that cannot hold, by name, each with the reason. A name that is no case fails the suite. */
  readonly skip?: Readonly<Record<string, string>>
}

/** Every case, by theme. */
export const hostCases: readonly HostGroup[] = [
  answers,
  errors,
  inputs,
  texts,
  bodies,
  conditions,
  forms,
  streams,
  doors,
  operations,
  recorded,
  recordedUploads,
  recordedStreams,
  uploadKeys,
]

/** Runs the suite against the host that the harness opens. */
export function hostConformance(name: string, { open, skip = {} }: HostHarness): void {
  const names = new Set(hostCases.flatMap(({ cases }) => cases.map((one) => one.name)))
  describe(name, () => {
    let host: OpenedHost | undefined
    beforeAll(async () => {
      host = await open()
    })
    afterAll(() => host?.close?.())
    const ask: Ask = (path, init) =>
      host === undefined ? Promise.reject(new Error('the host is not open')) : host.ask(path, init)

    for (const excused of Object.keys(skip)) {
      if (!names.has(excused))
        it(`has the case "${excused}" that is skipped`, () => expect.fail('no case has this name'))
    }
    for (const group of hostCases) {
      describe(group.name, () => {
        for (const one of group.cases) {
          it(one.name, async (context) => {
            const reason = Object.hasOwn(skip, one.name) ? skip[one.name] : undefined
            if (reason !== undefined) context.skip(reason)
            await one.run(ask)
          })
        }
      })
    }
  })
}
