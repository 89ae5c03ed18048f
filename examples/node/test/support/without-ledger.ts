/** Serves the example app with the lying ledger. */
import { describeServer, serve } from '@flowport/host-node'
import app from './lying-app.ts'

process.stdout.write(describeServer(await serve(app)))
