/**
 * The browser's types that declarations name: the DOM's own where the program has them, else `never`, so that an app which names
 * this preset for its pages also type-checks as a Worker, with Cloudflare's types and without the DOM's.
 */
type Global<Name extends string> =
  typeof globalThis extends Readonly<Record<Name, { readonly prototype: infer T }>> ? T : never

export type DomWorker = Global<'Worker'>
export type DomFileHandle = Global<'FileSystemFileHandle'>
export type DomFolderHandle = Global<'FileSystemDirectoryHandle'>
export type DomLockManager = Global<'LockManager'>
