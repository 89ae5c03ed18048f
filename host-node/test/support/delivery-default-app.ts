/** The delivery app as a module for the `flowport` command. */
import { join } from 'node:path'
import { deliveryApp } from './delivery-app.ts'

export default deliveryApp({
  path: join(process.env['FLOWPORT_DATA_DIR'] ?? '', 'state.sqlite'),
  name: 'command',
})
