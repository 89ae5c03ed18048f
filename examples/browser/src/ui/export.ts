/** The form that sends a file to a bucket. Access keys are held in this page's memory only, and are lost when it closes. */
import type { StorageEntry } from '@flowport/capabilities/storage'
import { h } from './dom.ts'

export interface BucketForm {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface ExportPane {
  readonly element: HTMLElement
  show(entries: readonly StorageEntry[]): void
}

export function createExport(send: (uri: string, form: BucketForm) => void): ExportPane {
  const files = h('select', { name: 'uri', required: true, aria: { label: 'File' } })
  const field = (name: keyof BucketForm, label: string, value = '', type = 'text') =>
    h(
      'label',
      {},
      h('span', {}, label),
      h('input', { name, type, value, required: true, autocomplete: 'off' }),
    )
  const form = h(
    'form',
    { class: 'grid', autocomplete: 'off' },
    h('label', { class: 'wide' }, h('span', {}, 'File'), files),
    field('endpoint', 'Endpoint', 'https://s3.eu-central-1.amazonaws.com', 'url'),
    field('region', 'Region', 'eu-central-1'),
    field('bucket', 'Bucket'),
    field('accessKeyId', 'Access key'),
    field('secretAccessKey', 'Secret', '', 'password'),
    h('button', { class: 'primary' }, 'Export to S3'),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const data = new FormData(form)
    const value = (name: string) => String(data.get(name) ?? '').trim()
    send(value('uri'), {
      endpoint: value('endpoint'),
      region: value('region'),
      bucket: value('bucket'),
      accessKeyId: value('accessKeyId'),
      secretAccessKey: value('secretAccessKey'),
    })
  })
  return {
    element: h(
      'section',
      { class: 'pane', aria: { label: 'Export' } },
      h('h2', {}, 'Export'),
      h(
        'p',
        { class: 'quiet' },
        'Use keys that may write to one bucket only. They are kept in memory, never stored.',
      ),
      form,
    ),
    show(entries) {
      const chosen = files.value
      files.replaceChildren(
        ...entries.map(({ uri, kind }) => (kind === 'file' ? h('option', { value: uri }, uri) : '')),
      )
      if (entries.some(({ uri }) => uri === chosen)) files.value = chosen
    },
  }
}
