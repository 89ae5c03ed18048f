import { expect, it } from 'vitest'
import { comparisonTable, toMarkdown } from '../report.ts'
import { figuresOf } from './figures.ts'

it('reads the harness’s tables, and judges ratios instead of times', () => {
  const measured = [
    { name: 'plain', ns: { median: 1200, min: 1100, max: 1300 }, ratio: 1, overNs: 0 },
    { name: 'ours', ns: { median: 2_400_000, min: 1, max: 2 }, ratio: 2, overNs: 1200 },
  ]
  const figures = figuresOf(toMarkdown(comparisonTable('put', measured, { unit: 'ns' })))
  expect(figures).toEqual([
    { name: 'put › plain › ns', value: 1200, unit: 'ns', better: undefined },
    { name: 'put › plain › × of ns', value: 1, unit: '', better: 'lower' },
    { name: 'put › ours › ns', value: 2_400_000, unit: 'ns', better: undefined },
    { name: 'put › ours › × of ns', value: 2, unit: '', better: 'lower' },
    { name: 'put › ours › over the reference, ns', value: 1200, unit: 'ns', better: undefined },
  ])
})

it.each([
  ['requests/s [min–max] | ×', { 'requests/s': undefined, '× of requests/s': 'higher' }],
  ['MiB/s [min–max] | × the SDK | memory, MiB', { '× the SDK of MiB/s': 'higher', 'memory, MiB': 'lower' }],
  ['CPU, µs | ÷ CPU of the SDK', { '÷ CPU of the SDK of CPU, µs': 'higher' }],
  [
    'server CPU ms | CPU × | server CPU ms | CPU ×',
    { 'CPU × of server CPU ms': 'lower', 'CPU × of server CPU ms (2)': 'lower' },
  ],
  [
    'KiB | gzip KiB | gzip KiB above the one before it',
    { KiB: 'lower', 'gzip KiB above the one before it': undefined },
  ],
  ['colour', { colour: undefined }],
])('knows which direction is good for "%s"', (header, expected) => {
  const columns = header.split(' | ')
  const row = `| row | ${columns.map(() => '1').join(' | ')} |`
  const figures = figuresOf(
    `### t\n\n|  | ${header} |\n| --- | ${columns.map(() => '---:').join(' | ')} |\n${row}\n`,
  )
  const directions = Object.fromEntries(
    figures.map(({ name, better }) => [name.slice('t › row › '.length), better]),
  )
  expect(directions).toMatchObject(expected)
})

it('does not judge rows of other products in a table with Flowport’s rows', () => {
  const figures = figuresOf('### t\n\n|  | ms |\n| --- | ---: |\n| peer | 1 |\n| Flowport memory | 2 |\n')
  expect(figures.map(({ better }) => better)).toEqual([undefined, 'lower'])
})

it('skips aims, notes and cells without a number', () => {
  const text =
    '### Aims\n\n| aim | measured |  |\n| --- | ---: | ---: |\n| fast | 2.00 | holds |\n\n42 notes\n'
  expect(figuresOf(text)).toEqual([])
  expect(figuresOf('### t\n\n|  | ms |\n| --- | ---: |\n| a | – |\n')).toEqual([])
})
