/** The strip at the top of the page: network state, where files are stored, and how much of the quota is used. */
import { formatBytes, h } from './dom.ts'

export interface Status {
  readonly element: HTMLElement
  /** Reads the storage quota and usage from the browser again. */
  refresh(): Promise<void>
  /** Shows where files are stored. Pass `warning` when they will not outlive the page; it says why. */
  setStore(name: string, warning?: string): void
  /** Shows whether the page can start without a network. */
  setOffline(ready: boolean): void
}

export function createStatus(): Status {
  const network = h('span', { class: 'badge' })
  const store = h('span', { class: 'badge', data: { test: 'store' } }, 'opening…')
  const offline = h('span', { class: 'badge', data: { test: 'offline' } }, 'not yet available offline')
  const used = h('meter', { min: 0, max: 1, value: 0, aria: { label: 'Storage used' } })
  const room = h('span', { class: 'quiet', data: { test: 'quota' } })
  const persist = h('button', { class: 'plain', hidden: true }, 'Keep files')
  const showNetwork = () => {
    network.textContent = navigator.onLine ? 'online' : 'offline'
    network.dataset['state'] = navigator.onLine ? 'good' : 'warn'
  }
  addEventListener('online', showNetwork)
  addEventListener('offline', showNetwork)
  showNetwork()

  const refresh = async () => {
    const { storage } = navigator as Partial<Navigator>
    if (storage === undefined) return
    const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([storage.estimate(), storage.persisted()])
    used.max = quota || 1
    used.value = usage
    room.textContent = `${formatBytes(usage)} of ${formatBytes(quota)}`
    persist.hidden = persisted
    persist.title = 'Asks the browser not to remove these files when the disk is full'
  }
  const ask = async () => {
    const granted = await navigator.storage.persist()
    persist.textContent = granted ? 'Files are kept' : 'The browser may still remove files'
    persist.disabled = true
  }
  persist.addEventListener('click', () => void ask())
  return {
    element: h('div', { class: 'status' }, network, store, offline, used, room, persist),
    refresh,
    setStore(name, warning) {
      store.textContent = name
      store.dataset['state'] = warning === undefined ? 'good' : 'warn'
      store.title = warning ?? 'Files stay on this device, in the private file system of this site'
    },
    setOffline(ready) {
      offline.textContent = ready ? 'works offline' : 'not yet available offline'
      offline.dataset['state'] = ready ? 'good' : ''
    },
  }
}
