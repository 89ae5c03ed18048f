import { tempDirectories } from '../../test/support/opendal-temp-directory.ts'
import { createKeyValue, logging, retry, silentLogger, timeout } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { kvConformance } from '@flowport/capabilities/testing'
import { operatorFactory } from './factory.node.ts'
import { opendalKvDriver } from './kv-driver.ts'

const directory = tempDirectories()

const layers = [
  logging({ log: silentLogger }),
  retry({ clock: systemClock }),
  timeout({ timeoutMs: 60_000, clock: systemClock }),
]

const features = { list: true, metadata: true, conditional: false }

for (const layered of [false, true]) {
  const name = layered ? 'layered' : 'bare'
  const portable = layered ? { layers } : {}
  kvConformance(`opendal memory, ${name}`, {
    clock: 'manual',
    features,
    async open({ clock }) {
      const operator = await operatorFactory({ scheme: 'memory' }).build()
      const driver = opendalKvDriver(operator, {
        scheme: 'memory',
        ttl: 'per_write',
        log: silentLogger,
        clock,
      })
      return { kv: createKeyValue(driver, { ...portable, clock }) }
    },
  })

  kvConformance(`opendal fs, ${name}`, {
    clock: 'manual',
    features,
    async open({ clock }) {
      const root = directory()
      const store = async () => {
        const operator = await operatorFactory({ scheme: 'fs', config: { root } }).build()
        const driver = opendalKvDriver(operator, {
          scheme: 'fs',
          ttl: 'per_write',
          folder: 'entries/',
          // Proves `durable` across openings; what a power failure takes is not tried here.
          durability: 'durable',
          log: silentLogger,
          clock,
        })
        return createKeyValue(driver, { ...portable, clock })
      }
      return { kv: await store(), reopen: store }
    },
  })
}

kvConformance('opendal memory whose entries never expire', {
  clock: 'manual',
  async open({ clock }) {
    const operator = await operatorFactory({ scheme: 'memory' }).build()
    const driver = opendalKvDriver(operator, { scheme: 'memory', ttl: 'none', log: silentLogger, clock })
    return { kv: createKeyValue(driver, { clock }) }
  },
})
