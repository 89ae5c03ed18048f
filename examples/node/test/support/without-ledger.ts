/** Serves the example app with a ledger that lies. */
import { describeServer, serve } from '@flowport/host-node'
import app from './lying-app.ts'

process.stdout.write(describeServer(await serve(app)))
