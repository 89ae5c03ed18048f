/** A real S3 server for tests: Ceph's gateway, alone on one machine, which checks signatures. Gone with the test file. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { required } from './required.ts'
import { answering, freePort } from './servers.ts'

export interface Radosgw {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Runs `radosgw-admin`, for users, roles and rights. */
  readonly admin?: (...args: string[]) => Promise<unknown>
}

/** Why there is no server, for the name of a skipped test. */
export const withoutRadosgw = 'radosgw is not installed (apt-get install ceph-mon ceph-osd radosgw)'

const programs = ['ceph', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin']

export interface RadosgwOptions {
  /** Gives out session credentials; a wrong secret is then told as AccessDenied. Default false. */
  readonly sts?: boolean
}

/** Starts a server, which takes about a second; `null` where it is not installed. Call it while tests are collected. */
export async function startRadosgw({ sts = false }: RadosgwOptions = {}): Promise<Radosgw | null> {
  if (!required('radosgw', programs.every(installed))) return null
  const directory = mkdtempSync(join(tmpdir(), 'flowport-rgw-'))
  const children: ChildProcess[] = []
  const stop = () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', stop)
  afterAll(() => {
    process.off('exit', stop)
    stop()
  })
  const [port, monitorPort] = [await freePort(), await freePort()]
  const [cluster, osd] = [randomUUID(), randomUUID()]
  for (const name of ['mon', 'osd', 'run', 'rgw']) mkdirSync(join(directory, name))
  writeFileSync(join(directory, 'keyring'), '')
  const file = join(directory, 'ceph.conf')
  writeFileSync(file, configuration({ directory, cluster, port, monitorPort, sts }))
  const config = ['-c', file]
  const run = (program: string, ...args: string[]) => runFile(program, args, { timeout: 60_000 })
  const serve = (program: string, ...args: string[]) =>
    children.push(spawn(program, [...config, ...args, '-f'], { stdio: 'ignore' }))

  const map = join(directory, 'monmap')
  await run('monmaptool', '--create', '--fsid', cluster, '--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, map)
  await run('ceph-mon', ...config, '-i', 'a', '--mkfs', '--monmap', map)
  serve('ceph-mon', '-i', 'a')
  await run('ceph', ...config, 'osd', 'new', osd, '0')
  await run('ceph-osd', ...config, '-i', '0', '--mkfs', '--osd-uuid', osd)
  serve('ceph-osd', '-i', '0')
  serve('radosgw', '-n', 'client.rgw')
  const endpoint = `http://127.0.0.1:${port}`
  await answering('radosgw', endpoint)
  const keys = { accessKeyId: 'flowporttestkey', secretAccessKey: `secret-${randomUUID()}` }
  const admin = (...args: string[]) => run('radosgw-admin', ...config, ...args)
  const user = ['--uid=test', '--display-name=test', `--access-key=${keys.accessKeyId}`]
  await admin('user', 'create', ...user, `--secret-key=${keys.secretAccessKey}`)
  return { endpoint, ...keys, admin }
}

function installed(program: string): boolean {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((directory) => existsSync(join(directory, program)))
}

const runFile = promisify(execFile)

interface Cluster {
  readonly directory: string
  readonly cluster: string
  readonly port: number
  readonly monitorPort: number
  readonly sts: boolean
}

/**
 * One monitor, one OSD in memory, no keys between them. Without `ms mon client mode = crc` the gateway waits for ever;
 * the short Paxos intervals and single placement groups make it start in a second instead of ten.
 */
function configuration({ directory, cluster, port, monitorPort, sts }: Cluster): string {
  return `[global]
fsid = ${cluster}
mon initial members = a
mon host = v2:127.0.0.1:${monitorPort}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = false
run dir = ${directory}/run
crash dir = ${directory}/run
admin socket = ${directory}/run/$name.asok
pid file = ${directory}/run/$name.pid
log file = ${directory}/run/$name.log
mon cluster log file = ${directory}/run/cluster.log
keyring = ${directory}/keyring
paxos propose interval = 0.01
paxos min wait = 0.01
mon tick interval = 1
mon data avail crit = 1
mon data avail warn = 1
mon allow pool size one = true
mon max pg per osd = 2000
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
[mon.a]
mon data = ${directory}/mon
[osd]
osd data = ${directory}/osd
osd objectstore = memstore
osd op num shards = 2
osd memory target = 939524096
memstore device bytes = 8G
[client.rgw]
rgw data = ${directory}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
ms mon client mode = crc
rgw dns name = s3.test
rgw sts key = abcdefghijklmnop
rgw s3 auth use sts = ${sts}
rgw thread pool size = 64
rgw gc max objs = 4
rgw lc max objs = 4
`
}
