/** The feed on Fastify, over files or a bucket, as a separate process that prints its address. */
import { createServer } from '@flowport/host-node'
import { fs } from '@flowport/presets/fs'
import { s3, s3Dedupe } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { join } from 'node:path'
import type { Providers } from '../app.ts'
import { hooks, steps } from '../steps.ts'
import { feedApp } from './app.ts'

const { FEED_FOLDER: root, ...env } = process.env
const layers = (own: readonly (typeof steps)[]) => [...own, steps]
const providers: Providers =
  root === undefined
    ? [s3(), s3Dedupe({ layers })]
    : [sqlite({ path: join(root, 'ledger.sqlite'), only: ['dedupe'], layers }), fs({ root, only: ['blob'] })]
const server = await createServer(feedApp('local', providers), { env, hooks, logLevel: 'silent' })
process.stdout.write(`${await server.listen({ port: 0, host: '127.0.0.1' })}\n`)
// Standard input is a pipe from the parent, so it ends when the parent dies, even by SIGKILL.
process.stdin.resume().once('end', () => process.exit(0))
