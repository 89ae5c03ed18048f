/** Which kernel runs this process, and which mount a directory is on: only then does the kernel's word on a process count. */
import fs from 'node:fs'

export interface Kernel {
  /** New with every boot, the same in all containers of a host; empty where the system has no such thing. */
  readonly boot: string
  /** The mounted file system: two mounts of one network share differ in it. */
  readonly device: string
}

export function kernelOf(directory: string): Kernel {
  return { boot: bootId(), device: String(fs.statSync(directory, { bigint: true }).dev) }
}

function bootId(): string {
  if (process.platform !== 'linux') return ''
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
