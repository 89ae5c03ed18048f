/** Real files, from the npm package `vega-datasets`. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const folder = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data')

export const airports = join(folder, 'airports.csv')
export const zipcodes = join(folder, 'zipcodes.csv')
export const movies = join(folder, 'movies.json')
export const picture = join(folder, '7zip.png')

export function bytesOf(file: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(file))
}
