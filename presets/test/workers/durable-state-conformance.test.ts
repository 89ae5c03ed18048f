import { createDurableState, prefix, silentLogger } from '@flowport/capabilities'
import { stateConformance } from '@flowport/capabilities/testing'
import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { noNativeRetry } from '../../src/cloudflare/durable/call-object.ts'
import { durableObject, type ObjectNamespace } from '../../src/cloudflare/durable/addressing.ts'
import { durableStateLayers } from '../../src/durable-state/declaration.ts'
import { DurableStateDriver } from '../../src/durable-state/driver.ts'
import type { StateCalls } from '../../src/durable-state/protocol.ts'
import { systemClock } from '@flowport/capabilities/system'

let cases = 0

/** Objects of one case: their names stay as they are on the caller's side, so that limits are those of the driver. */
function driverOfCase(): { driver: DurableStateDriver; evictAll: () => Promise<void> } {
  cases += 1
  const part = `case ${cases}/`
  const names = new Set<string>()
  const namespace = env.STATE as unknown as ObjectNamespace<StateCalls>
  const driver = new DurableStateDriver((name) => {
    names.add(part + name)
    return durableObject(namespace, { name: part + name, retry: noNativeRetry })
  })
  const evictAll = async () => {
    for (const name of names) await evictDurableObject(env.STATE.getByName(name))
  }
  return { driver, evictAll }
}

for (const isLayered of [false, true]) {
  const layers = isLayered
    ? [...durableStateLayers({ log: silentLogger, clock: systemClock }), prefix('tenant/')]
    : []
  stateConformance(`durable-state${isLayered ? ', layered' : ''}`, {
    clock: 'real',
    open() {
      const { driver, evictAll } = driverOfCase()
      const open = () => createDurableState(driver, { layers })
      return {
        state: open(),
        reopen: async () => {
          await evictAll()
          return open()
        },
      }
    },
  })
}
