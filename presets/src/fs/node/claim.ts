/**
 * A claim is the one thing in the staging directory that a change of an object consumes: the staged file that is renamed
 * into the object's place, or the directory that a deleted object is moved into. Its name is never used again. Whoever
 * removes a claim has made that change impossible, in one step of the file system: that is how a process that stood still
 * is fenced, and why it cannot destroy what others wrote meanwhile.
 */
import fs from 'node:fs'
import { close, codeOf, open, readdir, rmdir, unless, unlink } from './io.ts'
import { hasDescriptorPaths, throughDescriptor } from './places.ts'

const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants
/** A deleter may move its object in between two looks, once; more often is somebody else's doing. */
const mostAttempts = 10

/** Removes a claim, or a directory of claims, with all it holds. Links are removed, never followed. */
export async function removeClaim(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return
    // What `unlink` says of directories: EISDIR on Linux, EPERM elsewhere.
    if (code !== 'EISDIR' && code !== 'EPERM') throw error
    await removeDirectory(path)
  }
}

async function removeDirectory(path: string): Promise<void> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    try {
      if (await unless(rmdir(path), 'ENOTEMPTY', 'EEXIST')) return
      await removeContents(path)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      throw error
    }
  }
}

async function removeContents(path: string): Promise<void> {
  if (!hasDescriptorPaths) {
    for (const name of await readdir(path)) await removeClaim(`${path}/${name}`)
    return
  }
  const fd = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  try {
    const base = throughDescriptor(fd)
    for (const name of await readdir(base)) await removeClaim(base + name)
  } finally {
    await close(fd)
  }
}
