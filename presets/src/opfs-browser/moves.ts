/** Moves a written file to its name so that a browser that is killed meanwhile leaves the old file or the new one. */
import { encodedKeys } from './encoded-keys.ts'
import { folderAt, makeFolderAt } from './folders.ts'
import { encodedPath, type OwnFolder, ownFolder } from './names.ts'
import { isNamed, orNull } from './translate-error.ts'

/** `move` replaces a file of that name: https://github.com/whatwg/fs/pull/10. Chromium, Firefox and Safari. */
interface MovableHandle extends FileSystemFileHandle {
  move(folder: FileSystemDirectoryHandle, name: string): Promise<void>
}

/** What moves need of a store's folder. */
interface MovingHome {
  readonly root: FileSystemDirectoryHandle
  own(name: OwnFolder): Promise<FileSystemDirectoryHandle | null>
  makeOwn(name: OwnFolder): Promise<FileSystemDirectoryHandle>
  alone<T>(part: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>
}

/**
 * Whether `move` replaces a file in one step. Chromium's does. Firefox first removes the old file and then renames the new
 * one: a kill in between leaves no file or an empty one. Other browsers were not tried and are treated like Firefox.
 */
function replacesInOneStep(): boolean {
  return 'userAgentData' in navigator
}

/** Moves the file to the name. Only while alone with this part of the store. */
export async function moveInto(
  home: MovingHome,
  file: FileSystemFileHandle,
  folder: FileSystemDirectoryHandle,
  name: string,
): Promise<void> {
  if (replacesInOneStep() || (await orNull(folder.getFileHandle(name))) === null)
    return move(file, folder, name)
  const path = await home.root.resolve(folder)
  // Not below the root any more: the move says so.
  if (path === null) return move(file, folder, name)
  const moving = encodedPath([...path, name].join('/'))
  const lastName = moving.at(-1) ?? ''
  const waiting = await makeFolderAt(await home.makeOwn('moving'), moving.slice(0, -1))
  await removeOld(waiting, lastName)
  // A move to a free name is one step in every browser. From here on a kill loses nothing: `finishMoves` goes on.
  await move(file, waiting, lastName)
  const whole = await waiting.getFileHandle(lastName)
  try {
    await move(whole, folder, name)
  } catch (error) {
    await removeOld(waiting, lastName)
    throw error
  }
}

/** Finishes the moves that a killed browser left half done. */
export async function finishMoves(home: MovingHome): Promise<void> {
  const moving = await home.own('moving')
  if (moving === null) return
  const left: string[] = []
  for await (const { key } of encodedKeys(moving)) left.push(key)
  for (const key of left) {
    const path = key.split('/')
    await home.alone(partOf(path), undefined, async () => {
      const waiting = encodedPath(key)
      const from = await makeFolderAt(moving, waiting.slice(0, -1))
      // Another tab may have finished it, or replaced the file since.
      const whole = await orNull(from.getFileHandle(waiting.at(-1) ?? ''))
      if (whole === null) return
      await move(whole, await makeFolderAt(home.root, path.slice(0, -1)), path.at(-1) ?? '')
    })
  }
}

/** Drops what waits to be moved to the path, so that a file that is removed does not come back. Only while alone. */
export async function dropMove(home: MovingHome, path: readonly string[]): Promise<void> {
  if (replacesInOneStep()) return
  const waiting = encodedPath(path.join('/'))
  const folder = await folderAt(await home.own('moving'), waiting.slice(0, -1))
  if (folder !== null) await removeOld(folder, waiting.at(-1) ?? '')
}

/** The part of the store whose lock guards the path. */
function partOf([first, second = '']: readonly string[]): string {
  return first === ownFolder && (second === 'kv' || second === 'dedupe') ? second : 'blob'
}

function move(file: FileSystemFileHandle, folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  return (file as MovableHandle).move(folder, name)
}

async function removeOld(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name)
  } catch (error) {
    if (!isNamed(error, 'NotFoundError')) throw error
  }
}
