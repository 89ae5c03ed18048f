/** This site's files as a tree, with a place to drop new ones. */
import type { StorageEntry } from '@flowport/capabilities/storage'
import { formatBytes, h } from './dom.ts'

export interface FilesPane {
  readonly element: HTMLElement
  show(entries: readonly StorageEntry[]): void
}

export interface FilesActions {
  add(files: readonly File[]): void
  sample(): void
  open(entry: StorageEntry): void
  download(entry: StorageEntry): void
  remove(entry: StorageEntry): void
}

export function createFiles(actions: FilesActions): FilesPane {
  const picker = h('input', {
    type: 'file',
    multiple: true,
    accept: '.csv,.parquet,.tsv,.txt,.json',
    class: 'hidden',
    id: 'picker',
    onchange: () => {
      actions.add([...(picker.files ?? [])])
      picker.value = ''
    },
  })
  const drop = h(
    'label',
    { class: 'drop', htmlFor: 'picker' },
    h('strong', {}, 'Drop a CSV or Parquet file'),
    h('span', { class: 'quiet' }, 'or choose one. It stays on this device.'),
    picker,
  )
  const over = (on: boolean) => (event: DragEvent) => {
    event.preventDefault()
    drop.classList.toggle('over', on)
  }
  drop.addEventListener('dragover', over(true))
  drop.addEventListener('dragleave', over(false))
  drop.addEventListener('drop', (event) => {
    over(false)(event)
    actions.add([...(event.dataTransfer?.files ?? [])])
  })
  const tree = h('ul', { class: 'tree', data: { test: 'tree' } })
  return {
    element: h(
      'section',
      { class: 'pane files', aria: { label: 'Files' } },
      h('h2', {}, 'Files'),
      drop,
      h('button', { class: 'plain', onclick: () => actions.sample() }, 'Add a sample'),
      tree,
    ),
    show(entries) {
      tree.replaceChildren(...branches(entries, actions))
      if (entries.length === 0) tree.append(h('li', { class: 'quiet' }, 'Nothing yet.'))
    },
  }
}

function branches(entries: readonly StorageEntry[], actions: FilesActions): readonly HTMLElement[] {
  const folders = new Map<string, HTMLUListElement>()
  const top: HTMLElement[] = []
  for (const entry of entries) {
    if (entry.kind !== 'file') continue
    const names = entry.uri.slice('opfs://'.length).split('/').slice(0, -1)
    const leaf = row(entry, actions)
    const parent = names.reduce<HTMLUListElement | null>((above, name, depth) => {
      const path = names.slice(0, depth + 1).join('/')
      const known = folders.get(path)
      if (known !== undefined) return known
      const inside = h('ul')
      const folder = h('li', {}, h('details', { open: true }, h('summary', {}, name), inside))
      folders.set(path, inside)
      if (above === null) top.push(folder)
      else above.append(folder)
      return inside
    }, null)
    if (parent === null) top.push(leaf)
    else parent.append(leaf)
  }
  return top
}

function row(entry: StorageEntry, actions: FilesActions): HTMLElement {
  const small = (text: string, title: string, onclick: () => void) =>
    h('button', { class: 'icon', title, aria: { label: `${title} ${entry.name}` }, onclick }, text)
  return h(
    'li',
    { class: 'file' },
    h('button', { class: 'name', title: entry.uri, onclick: () => actions.open(entry) }, entry.name),
    h('span', { class: 'quiet' }, formatBytes(entry.size ?? 0)),
    small('↓', 'Download', () => actions.download(entry)),
    small('×', 'Delete', () => actions.remove(entry)),
  )
}
