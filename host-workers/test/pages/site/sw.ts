/** A service worker over the small app, configured by its URL: `?base=/api&version=2&bad&file=/more.js&keepAliveMs=500`. */
import { createOutbox, createServiceWorker } from '@flowport/host-workers/service-worker'
import { app } from './app.ts'

const { searchParams } = new URL(globalThis.location.href)
const files = [
  '/',
  '/page.js',
  '/style.css',
  ...(searchParams.has('bad') ? ['/missing.js'] : []),
  ...searchParams.getAll('file'),
]

createServiceWorker(app, {
  base: searchParams.get('base') ?? '/',
  filter: ({ mode }) => mode !== 'navigate',
  precache: files,
  version: searchParams.get('version') ?? '1',
  navigate: '/',
  ...(searchParams.has('owner') ? { unknown: 'problem' as const } : {}),
  ...(searchParams.has('keepAliveMs') ? { keepAliveMs: Number(searchParams.get('keepAliveMs')) } : {}),
  outboxes: [createOutbox({ name: 'in-worker', firstPauseMs: 1, maxPauseMs: 1 })],
})
