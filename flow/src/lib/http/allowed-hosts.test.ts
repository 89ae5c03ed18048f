import { describe, expect, it } from 'vitest'
import { hostCheck } from './allowed-hosts.ts'

const status = (host: string | undefined, allowed: readonly string[] | undefined, isLoopback: boolean) =>
  hostCheck(allowed, isLoopback)?.(host)?.status ?? 'served'

describe('a server on loopback', () => {
  it.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST:3000',
    'localhost.',
    'app.localhost:80',
    '127.0.0.1:3000',
    '127.1.2.3',
    '[::1]:3000',
    '[::1]',
    undefined,
  ])('answers to %s', (host) => expect(status(host, undefined, true)).toBe('served'))

  it.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '127.0.0.1evil',
    '0.0.0.0:3000',
    '192.168.0.1',
    '[::2]',
    '',
    'localhost:3000:3000',
    'localhost@evil.example',
    `${'a.'.repeat(20_000)}localhost`,
  ])('refuses %s', (host) => expect(status(host, undefined, true)).toBe(421))

  it('answers to listed names too, and to those below one that begins with a dot', () => {
    const allowed = ['App.example', '.dev.test']
    for (const host of ['app.example:1', 'localhost', 'dev.test', 'a.b.dev.test'])
      expect([host, status(host, allowed, true)]).toEqual([host, 'served'])
    for (const host of ['x.app.example', 'evildev.test']) expect(status(host, allowed, true)).toBe(421)
  })
})

describe('any other server', () => {
  it('answers to all names, or to those that are listed', () => {
    expect(hostCheck(undefined, false)).toBeNull()
    expect(status('app.example', ['app.example'], false)).toBe('served')
    expect(status('localhost', ['app.example'], false)).toBe(421)
  })

  it('checks nothing for "any"', () => expect(hostCheck('any', true)).toBeNull())
})

it.each(['http://app.example', 'app.example:80', '', '*', '*.example', 'a b', '.'])(
  'the entry "%s" is refused',
  (name) => expect(() => hostCheck([name], true)).toThrow(/use names without scheme and port/),
)
