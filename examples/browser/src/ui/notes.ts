/** A note stored by flows: this page's service worker answers `PUT` and `GET /notes/:id`. */
import { h, messageOf } from './dom.ts'

export interface NotesPane {
  readonly element: HTMLElement
  /** Reads the note. Call it after the service worker is registered. */
  load(): Promise<void>
}

const url = '/notes/today'

export function createNotes(): NotesPane {
  const text = h('textarea', { rows: 4, placeholder: 'Remember…', aria: { label: 'Note' }, disabled: true })
  const save = h('button', { class: 'primary', disabled: true }, 'Save')
  const state = h(
    'span',
    { class: 'quiet', role: 'status', data: { test: 'note-state' } },
    'waiting for the service worker',
  )
  const tell = (message: string, bad = false) => {
    state.textContent = message
    state.classList.toggle('bad', bad)
  }
  const put = async () => {
    try {
      const answer = await fetch(url, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text: text.value }),
      })
      tell(answer.ok ? `PUT ${url} → ${answer.status}` : await answer.text(), !answer.ok)
    } catch (error) {
      tell(messageOf(error), true)
    }
  }
  save.addEventListener('click', () => void put())
  return {
    element: h(
      'section',
      { class: 'pane', aria: { label: 'Notes' } },
      h('h2', {}, 'A flow'),
      h(
        'p',
        { class: 'quiet' },
        'The same flow that runs on Fastify and Workers answers this page, with or without a network.',
      ),
      text,
      h('div', { class: 'bar' }, save, state),
    ),
    async load() {
      try {
        const answer = await fetch(url)
        if (answer.ok) text.value = ((await answer.json()) as { readonly text: string }).text
        tell(`GET ${url} → ${answer.status}`)
        text.disabled = false
        save.disabled = false
      } catch (error) {
        tell(messageOf(error), true)
      }
    },
  }
}
