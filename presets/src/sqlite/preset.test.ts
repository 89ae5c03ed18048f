import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type DedupeStore,
  type KeyValue,
  type OpenContext,
  type OpenedProvider,
  type Queue,
  type ResourceName,
  silentLogger,
} from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { sqlite } from './preset.ts'
import type * as Entry from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { tempDirectory } from '../../test/support/temp-directory.ts'

function contextIn(directory: string): OpenContext {
  return { env: { FLOWPORT_DATA_DIR: directory }, log: silentLogger, clock: new ManualClock(), bindings: {} }
}

function resource<T>({ resources }: Pick<OpenedProvider, 'resources'>, name: ResourceName): T {
  return resources.get(name) as unknown as T
}

describe('preset sqlite', () => {
  it('opens kv, dedupe and queue on one file in the directory of the environment', async () => {
    const directory = tempDirectory()
    const provider = sqlite()
    const { resources, close } = await provider.open(contextIn(directory))
    const kv = resource<KeyValue>({ resources }, 'kv')
    const dedupe = resource<DedupeStore>({ resources }, 'dedupe')
    const queue = resource<Queue>({ resources }, 'queue')
    await kv.put('key', 'value')
    expect(await kv.get('key')).toBe('value')
    expect(await dedupe.putIfAbsent('key', 1_000)).toBe(true)
    await queue.send({ n: 1 })
    expect((await queue.receive()).map(({ body }) => body)).toEqual([{ n: 1 }])
    const { transaction } = dedupe.info
    expect(transaction).toMatch(/^sqlite:\d+$/)
    expect([kv.info, dedupe.info, queue.info]).toEqual(
      Object.values(provider.provides).map((stated) => ({ ...stated, transaction })),
    )
    expect(existsSync(join(directory, 'flowport.sqlite'))).toBe(true)
    await close()
    await close()
  })

  it('gives a queue the name it is bound under', async () => {
    const directory = tempDirectory()
    const mails = await sqlite({ as: 'mails', only: ['queue'] }).open(contextIn(directory))
    const unnamed = await sqlite({ only: ['queue'] }).open(contextIn(directory))
    await resource<Queue>(mails, 'queue:mails').send('mail')
    expect(await resource<Queue>(unnamed, 'queue').receive()).toEqual([])
    await mails.close()
    await unnamed.close()
  })
})

describe('preset sqlite on other runtimes', () => {
  it('states the same, and fails to open with advice', async () => {
    const { sqlite: unsupportedSqlite } = await onPlatform<typeof Entry>('sqlite', 'workerd')
    const { open, ...stub } = unsupportedSqlite()
    const { open: _, ...real } = sqlite()
    expect(JSON.stringify(stub)).toBe(JSON.stringify(real))
    await expect(open(contextIn('.'))).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      message: expect.stringMatching(/"sqlite".*node:sqlite.*"memory"/),
    })
  })
})
