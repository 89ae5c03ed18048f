/** The measurements by name, in running order. */
import type { Measurement } from './report.ts'

export const parts: Readonly<Record<string, () => Promise<Measurement>>> = {
  runtime: () => import('./runtime.ts'),
  layers: () => import('./layers.ts'),
  kv: () => import('./kv.ts'),
  sqlite: () => import('./sqlite.ts'),
  idempotency: () => import('./idempotency.ts'),
  fs: () => import('./fs.ts'),
  'object-storage': () => import('./object-storage.ts'),
  'object-transfers': () => import('./object-transfers.ts'),
  browser: () => import('./browser.ts'),
  echo: () => import('./echo.ts'),
  sse: () => import('./sse.ts'),
  workers: () => import('./workers.ts'),
  sizes: () => import('./sizes.ts'),
  types: () => import('./types.ts'),
}

export function isPart(name: string): boolean {
  return Object.hasOwn(parts, name)
}
