/** Running transfers, each with a progress bar, its bytes and a Stop button. */
import { formatBytes, h, messageOf } from './dom.ts'

export interface Transfers {
  readonly element: HTMLElement
  /** Shows `name` until `run` settles. Resolves to `null` when `run` failed or was stopped, after showing why. */
  run<T>(name: string, run: (transfer: Transfer) => Promise<T>): Promise<T | null>
}

export interface Transfer {
  readonly signal: AbortSignal
  readonly onProgress: (progress: { readonly bytes: number; readonly total?: number }) => void
}

export function createTransfers(): Transfers {
  const element = h('div', { class: 'transfers', aria: { live: 'polite' } })
  return {
    element,
    async run(name, run) {
      const stop = new AbortController()
      const bar = h('progress', { aria: { label: name } })
      const text = h('span', { class: 'quiet' }, 'starting')
      const cancel = h('button', { class: 'plain', onclick: () => stop.abort() }, 'Stop')
      const row = h('div', { class: 'transfer' }, h('strong', {}, name), bar, text, cancel)
      element.append(row)
      try {
        const result = await run({
          signal: stop.signal,
          onProgress({ bytes, total }) {
            if (total !== undefined) bar.max = total || 1
            if (total !== undefined) bar.value = bytes
            text.textContent = formatBytes(bytes) + (total === undefined ? '' : ` of ${formatBytes(total)}`)
          },
        })
        row.remove()
        return result
      } catch (error) {
        bar.remove()
        text.textContent = stop.signal.aborted ? 'stopped; no partial file was kept' : messageOf(error)
        row.classList.add('failed')
        cancel.textContent = 'Close'
        cancel.addEventListener('click', () => row.remove())
        return null
      }
    },
  }
}
