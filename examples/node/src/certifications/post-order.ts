/**
 * Certifies orders under real faults, with a gateway that charges on every call: each order is charged once or reported as
 * unknown.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postOrder } from '@flowport-examples/flows/flows/orders'
import { startGateway } from '@flowport-examples/gateway'
import { defineCertification } from '@flowport/host-node/certify'

export default defineCertification(postOrder, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowport-certify-'))
  const gateway = await startGateway({ file: join(folder, 'payments.jsonl') })
  return {
    app: new URL(import.meta.resolve('@flowport-examples/flows')),
    env: { PAYMENTS_URL: gateway.url, FLOWPORT_DATA_DIR: folder },
    input: (orderId) => ({ orderId, amountCents: 4200 }),
    count: (orderId) => gateway.count(orderId),
    async close() {
      await gateway.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
