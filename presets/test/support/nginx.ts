/** A real web server for tests: nginx over a directory of its own. Gone with the test file. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Seed } from '@flowport/capabilities/testing'
import { afterAll } from 'vitest'
import { required } from './required.ts'
import { answering, freePort } from './servers.ts'

export interface Nginx {
  /** Without a slash at its end. */
  readonly url: string
  /** What it serves. */
  readonly directory: string
}

/** Why there is no server, for the name of a skipped test. */
export const withoutNginx = 'nginx is not installed (apt-get install nginx-light)'

/**
 * Starts a server on two addresses of this machine; `null` where it is not installed. `locations` is put into its
 * `server` block, `$files` in it is the directory. Call it while tests are collected.
 */
export async function startNginx(locations: string): Promise<Nginx | null> {
  if (!required('nginx', installed())) return null
  const home = mkdtempSync(join(tmpdir(), 'flowport-nginx-'))
  let child: ChildProcess | undefined
  const stop = () => {
    child?.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', stop)
  afterAll(() => {
    process.off('exit', stop)
    stop()
  })
  const directory = join(home, 'files')
  for (const name of ['files', 'temp']) mkdirSync(join(home, name))
  const port = await freePort()
  const file = join(home, 'nginx.conf')
  writeFileSync(file, configuration(home, port, locations.replaceAll('$files', directory)))
  child = spawn('nginx', ['-c', file, '-p', home, '-e', join(home, 'error.log')], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const log = join(home, 'error.log')
  await answering('nginx', url, () => (existsSync(log) ? readFileSync(log, 'utf8') : ''))
  return { url, directory }
}

/** Puts objects where `try_files $uri.blob` finds them, each with a time of its own: nginx makes etags of whole seconds. */
export function blobFiles(directory: string): Seed {
  const fileOf = (key: string) => `${join(directory, ...key.split('/'))}.blob`
  let second = Math.floor(Date.now() / 1000) - 1_000_000
  return {
    put(key, bytes) {
      const file = fileOf(key)
      mkdirSync(dirname(file), { recursive: true })
      const staged = join(directory, '..', 'temp', 'staged')
      writeFileSync(staged, bytes)
      second += 1
      utimesSync(staged, second, second)
      renameSync(staged, file)
    },
    delete: (key) => rmSync(fileOf(key), { force: true }),
  }
}

function installed(): boolean {
  const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin`
  return path.split(delimiter).some((directory) => existsSync(join(directory, 'nginx')))
}

function configuration(home: string, port: number, locations: string): string {
  const root = process.getuid?.() === 0
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(home, 'temp', name)};`,
  )
  return `${root ? 'user root;' : ''}
master_process off;
daemon off;
pid ${home}/nginx.pid;
error_log ${home}/error.log;
events { worker_connections 512; }
http {
  access_log off;
  ${temp.join('\n  ')}
  types { text/plain txt; image/png png; application/json json; text/css css; }
  default_type application/octet-stream;
  merge_slashes off;
  large_client_header_buffers 4 16k;
  server {
    listen 127.0.0.1:${port};
    ${locations}
  }
}
`
}
