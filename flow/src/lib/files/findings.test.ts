import { describe, expect, it } from 'vitest'
import { DiagnosticsError } from '../diagnostics/diagnostic.ts'
import { loadFlow } from './load.ts'
import { codesOf, findingsOf } from './test/harness.ts'

/** A file whose nodes are these. */
const withNodes = (...nodes: readonly string[]) =>
  `name: f\nnodes:\n${nodes.map((node) => `  - ${node}`).join('\n')}\n`
const read = "{ name: a, uses: storage.read, params: { uri: 'm://x' } }"
const wide = (levels: number) =>
  Array.from(
    { length: levels },
    (_, n) =>
      `x${n}: &x${n} [${Array(10)
        .fill(n === 0 ? 'lol' : `*x${n - 1}`)
        .join(', ')}]`,
  ).join('\n')

describe('what is wrong with a flow file', () => {
  it('is told all at once, in the order of the text, with line and column', () => {
    const text = `name: report
version: 1.0
sumary: Typo
trigger: { http: FETCH /x }
settings: { storage: { default_locl: opfs } }
input: { day: strin, no-1: { type: integer, default: one } }
nodes:
  - name: read
    uses: storage.raed
    params: { uri: 'm://{{ input.dya }}' }
  - name: read
    uses: storage.read
    store_as: 9x
    parms: {}
    after: [reed]
    if: yes
  - name: sql
    uses: duckdb.query
    params:
      sql: SELECT '{{ state.read }}'
      parms: []
output: '{{ state.reed | upper }}'
`
    expect(findingsOf(text)).toEqual([
      'FILE004 2:10 | "version" of the flow must be text: quote it, as in "1"',
      'FILE003 3:1 | the flow has no key "sumary" (did you mean "summary"?)',
      'FILE004 4:18 | "FETCH /x" is no route: write one of GET, DELETE, OPTIONS, POST, PUT, PATCH and a path, as in GET /reports/:day',
      'FILE003 5:24 | settings.storage has no key "default_locl" (did you mean "default_local"?)',
      'FILE004 6:15 | the input "day" has no type "strin" (did you mean "string"?)',
      'FILE004 6:54 | the default of the input "no-1" must be an integer, not a text',
      'FILE005 9:11 | read | there is no node "storage.raed" (did you mean "storage.read"?)',
      'FILE007 10:20 | read | there is no input "dya" (did you mean "day"?)',
      'FILE011 11:5 | read | storage.read needs "uri"',
      'FILE006 11:5 | read | the node "read" is there twice',
      'FILE006 13:15 | read | "9x" is not the name of a state: use letters, digits, "-" and "_", starting with a letter',
      'FILE003 14:5 | read | the node "read" has no key "parms" (did you mean "params"?)',
      'FILE007 15:13 | read | there is no node "reed" to wait for (did you mean "read"?)',
      'FILE008 16:9 | read | the condition of the node "read" must be exactly one template, whose value is true or false',
      'FILE010 20:12 | sql | a value in the text of a statement is read as SQL, whoever sends it',
      'FILE011 21:7 | sql | duckdb.query takes no "parms" (did you mean "params"?)',
      'FILE008 22:9 | "{{ state.reed | upper }}" is no path: nothing is computed in templates',
    ])
  })

  it('reads as one line and a help, with the name of the file', () => {
    const load = () => loadFlow(withNodes('{ name: a, uses: storage.raed }'), { file: 'flows/a.yaml' })
    expect(load).toThrow(DiagnosticsError)
    expect(load).toThrow(
      `flows/a.yaml is no flow
error FILE005 flows/a.yaml:3:22 f/a: there is no node "storage.raed" (did you mean "storage.read"?)
  help: name a ready node`,
    )
  })

  it.each<[string, string, readonly string[]]>([
    ['no YAML', 'name: [', ['FILE001']],
    ['no mapping', '- a', ['FILE004']],
    ['empty', '', ['FILE001']],
    ['bytes', new TextEncoder().encode('name: a') as unknown as string, ['FILE001']],
    ['a key twice', 'name: a\nname: b', ['FILE001']],
    ['two documents', `${withNodes(read)}---\nname: g`, ['FILE001']],
    ['no name, no nodes', 'summary: x', ['FILE004', 'FILE004']],
    ['nodes that are no list', 'name: f\nnodes: { a: 1 }', ['FILE004']],
    ['a node that is no mapping', withNodes('read'), ['FILE004']],
    ['a node without a name', withNodes("{ uses: storage.read, params: { uri: 'm://x' } }"), ['FILE004']],
    ['a node that uses nothing', withNodes('{ name: a }'), ['FILE004']],
    [
      'params and with',
      withNodes("{ name: a, uses: storage.read, params: { uri: 'm://x' }, with: {} }"),
      ['FILE004'],
    ],
    [
      'params that are a list',
      withNodes('{ name: a, uses: storage.read, params: [1] }'),
      ['FILE004', 'FILE011'],
    ],
    [
      'a name that is taken',
      withNodes("{ name: trigger, uses: storage.read, params: { uri: 'm://x' } }"),
      ['FILE006'],
    ],
    [
      'a name with dots',
      withNodes("{ name: a.b, uses: storage.read, params: { uri: 'm://x' } }"),
      ['FILE006'],
    ],
    [
      'a state twice',
      withNodes(read, "{ name: b, store_as: a, uses: storage.read, params: { uri: 'm://x' } }"),
      ['FILE006'],
    ],
    [
      'a state called constructor',
      withNodes("{ name: a, store_as: constructor, uses: storage.read, params: { uri: 'm://x' } }"),
      ['FILE006'],
    ],
    ['a bad name of the flow', `name: a flow\nnodes: [${read}]`, ['FILE006']],
    [
      'a bad name of an input',
      `input: [1x, 'a b', prototype]\n${withNodes(read)}`,
      ['FILE006', 'FILE006', 'FILE006'],
    ],
    ['a template that is not closed', `output: '{{ state.a'\n${withNodes(read)}`, ['FILE008']],
    ['a template of nothing', `output: '{{ }}'\n${withNodes(read)}`, ['FILE008']],
    ['a template of code', `output: '{{ state.a[0]() }}'\n${withNodes(read)}`, ['FILE008']],
    ['a template of another place', `output: '{{ env.SECRET }}'\n${withNodes(read)}`, ['FILE008']],
    ['a template into a prototype', `output: '{{ state.a.__proto__.x }}'\n${withNodes(read)}`, ['FILE008']],
    ['a state nobody stores', `output: '{{ state.constructor }}'\n${withNodes(read)}`, ['FILE007']],
    [
      'a circle',
      withNodes(
        "{ name: a, uses: storage.read, params: { uri: 'm://{{ state.b }}' } }",
        "{ name: b, uses: storage.read, if: '{{ state.a }}', params: { uri: 'm://x' } }",
      ),
      ['FILE009'],
    ],
    [
      'both conditions',
      withNodes(
        `{ name: b, uses: storage.read, if: '{{ state.b }}', unless: '{{ state.b }}', params: { uri: 'm://x' } }`,
      ),
      ['FILE009', 'FILE004'],
    ],
    [
      'a statement from a template',
      `input: [s]\n${withNodes("{ name: a, uses: duckdb.execute, params: { sql: '{{ input.s }}', key: k } }")}`,
      ['FILE010'],
    ],
    [
      'all params of a statement from a template',
      `input: [s]\n${withNodes("{ name: a, uses: duckdb.query, params: '{{ input.s }}' }")}`,
      ['FILE010'],
    ],
    [
      'a statement that may not be repeated',
      withNodes('{ name: a, uses: duckdb.query, params: { sql: INSERT INTO t VALUES (1) } }'),
      ['FILE011'],
    ],
    [
      'an execute without a key',
      withNodes('{ name: a, uses: duckdb.execute, params: { sql: INSERT INTO t VALUES (1) } }'),
      ['FILE011'],
    ],
    [
      'a param of another type',
      withNodes("{ name: a, uses: storage.list, params: { uri: 'm://x', limit: many } }"),
      ['FILE011'],
    ],
    [
      'a param out of bounds',
      withNodes("{ name: a, uses: storage.list, params: { uri: 'm://x', limit: 1001 } }"),
      ['FILE011'],
    ],
    [
      'a URI without a scheme',
      withNodes('{ name: a, uses: storage.read, params: { uri: data/x.csv } }'),
      ['FILE011'],
    ],
    [
      'a path for opfs',
      `settings: { storage: { default_local: opfs } }\n${withNodes('{ name: a, uses: storage.read, params: { uri: /x.csv } }')}`,
      ['FILE011'],
    ],
    [
      'half a path for file',
      `settings: { storage: { default_local: file } }\n${withNodes('{ name: a, uses: storage.read, params: { uri: x.csv } }')}`,
      ['FILE011'],
    ],
    [
      'a default that is no place',
      `settings: { storage: { default_local: ./data } }\n${withNodes(read)}`,
      ['FILE004'],
    ],
    ['a route with an unknown parameter', `trigger: { http: GET /x/:day }\n${withNodes(read)}`, ['FILE007']],
    ['a trigger of another kind', `trigger: { htpt: GET /x }\n${withNodes(read)}`, ['FILE004']],
    [
      'a schedule that hosts read differently',
      `trigger: { cron: '0 3 * * 1' }\n${withNodes(read)}`,
      ['FILE004'],
    ],
    [
      'a schedule with an input',
      `trigger: { cron: '0 3 * * *' }\ninput: [a]\n${withNodes(read)}`,
      ['FILE004'],
    ],
    ['a queue that is none', `trigger: { queue: 'a b', maxAttempts: 0 }\n${withNodes(read)}`, ['FILE004']],
    [
      'a timeout that is none',
      withNodes(
        "{ name: a, uses: storage.read, params: { uri: 'm://x' }, timeout: soon, retry: { backoff: 1 } }",
      ),
      ['FILE004', 'FILE004'],
    ],
  ])('is told: %s', (_, text, codes) => {
    expect(codesOf(text).toSorted()).toEqual(codes.toSorted())
  })
})

describe('a hostile file', () => {
  it.each<[string, string]>([
    ['grows by aliases', `${wide(9)}\nname: f`],
    ['holds itself', 'name: f\ninput: &a { b: *a }'],
    [
      'has more aliases than values may be',
      `tags: [${Array.from({ length: 9000 }, (_, n) => `&x${n} a, *x${n}`).join(',')}]`,
    ],
    ['is too long', `name: ${'x'.repeat(256 * 1024)}`],
    ['is too deep', `name: ${'['.repeat(50_000)}`],
    ['is too deep in blocks', Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['is too deep in one line', `${'- '.repeat(50_000)}a`],
    ['has a tag of its own', 'name: !env SECRET'],
    ['has a tag for code', 'name: !!js/function "function () {}"'],
    ['has a known tag', 'name: !!str f'],
    ['has bytes', 'name: f\ntags: [!!binary aGk=]'],
    ['has a number as key', 'name: f\ninput: { 1: string }'],
    ['has a mapping as key', 'name: f\n? { a: 1 }\n: 2'],
    ['has a key that is nothing', 'name: f\nnull: 1'],
    ['has a prototype', '{ "name": "f", "__proto__": { "nodes": [] } }'],
    [
      'has a prototype in params',
      withNodes(
        "{ name: a, uses: storage.write, params: { uri: 'm://x', content: { __proto__: { a: 1 } } } }",
      ),
    ],
    ['asks for other rules', '%YAML 1.1\n---\nname: yes'],
    ['has a number that would lose digits', 'name: f\ntags: [12345678901234567890]'],
    ['has a number JSON lacks', 'name: f\ntags: [.nan]'],
  ])('that %s is refused', (_, text) => {
    expect(new Set(codesOf(text))).toContain('FILE002')
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  it('is told of a hundred times at most', () => {
    expect(findingsOf(Array.from({ length: 2000 }, (_, n) => `k${n}: 1`).join('\n'))).toHaveLength(100)
  })

  it('may use anchors for what it repeats', () => {
    const text = `name: f\ninput: { x: &t { type: string, optional: true }, y: *t }\nnodes: [${read}]`
    expect(findingsOf(text)).toEqual([])
  })

  it('has the limit that is told', () => {
    expect(codesOf(withNodes(read), { maxBytes: 20 })).toEqual(['FILE002'])
  })
})
