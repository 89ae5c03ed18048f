import { describe, expect, it } from 'vitest'
import type { HttpCall } from './call.ts'
import { checkCrossSite, type CrossSite, refuseCrossSite } from './cross-site.ts'

const form = 'application/x-www-form-urlencoded'

/** What becomes of a request with these headers. */
function tried(headers: Record<string, string>, crossSite: CrossSite = 'refuse', method = 'POST'): string {
  const known: Record<string, string> = { host: 'app.example:3000', ...headers }
  const call = { method, header: (name: string) => known[name] } as Partial<HttpCall> as HttpCall
  try {
    refuseCrossSite(call, crossSite)
    return 'taken'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a POST that a browser sends without a preflight', () => {
  it.each([
    form,
    'text/plain',
    'text/plain;charset=UTF-8',
    'TEXT/Plain ; x=application/json',
    'multipart/form-data; boundary=x',
    '',
    '; charset=utf-8',
  ])('is refused from another site with the type "%s"', (type) => {
    expect(tried({ 'content-type': type, 'sec-fetch-site': 'cross-site' })).toBe('CROSS_SITE')
    expect(tried({ 'content-type': type, origin: 'https://evil.example' })).toBe('CROSS_SITE')
    expect(tried({ 'content-type': type, origin: 'null' })).toBe('CROSS_SITE')
  })

  it('is refused without a type', () => expect(tried({ 'sec-fetch-site': 'cross-site' })).toBe('CROSS_SITE'))

  it.each(['same-origin', 'same-site', 'none'])('is taken when the browser says %s', (site) => {
    expect(tried({ 'content-type': form, 'sec-fetch-site': site, origin: 'https://other.example' })).toBe(
      'taken',
    )
  })

  it('is taken from the origin it is sent to, whatever the scheme a proxy took off', () => {
    expect(tried({ 'content-type': form, origin: 'https://app.example:3000' })).toBe('taken')
    expect(tried({ 'content-type': form, origin: 'http://app.example' })).toBe('CROSS_SITE')
  })

  it('is taken from programs, which name neither', () =>
    expect(tried({ 'content-type': form })).toBe('taken'))
})

describe('a request that a preflight precedes', () => {
  it.each([
    ['POST', 'application/json'],
    ['POST', 'text/csv'],
    ['PUT', 'text/plain'],
    ['PATCH', form],
    ['DELETE', ''],
  ])('%s with "%s" is for CORS to decide', (method, type) => {
    expect(tried({ 'content-type': type, 'sec-fetch-site': 'cross-site' }, 'refuse', method)).toBe('taken')
  })
})

describe('a server that lets sites in', () => {
  const from = (origin: string) => ({ 'content-type': form, 'sec-fetch-site': 'cross-site', origin })

  it('takes all of them, or those it lists', () => {
    expect(tried(from('https://evil.example'), 'allow')).toBe('taken')
    expect(tried(from('https://shop.example'), ['https://shop.example'])).toBe('taken')
    expect(tried(from('https://evil.example'), ['https://shop.example'])).toBe('CROSS_SITE')
    expect(tried({ 'content-type': form, 'sec-fetch-site': 'cross-site' }, ['https://shop.example'])).toBe(
      'CROSS_SITE',
    )
  })

  it.each(['shop.example', 'https://shop.example/', 'https://SHOP.example', 'null', '*'])(
    'is not started with "%s" in its list',
    (origin) => expect(() => checkCrossSite([origin])).toThrow(/use origins/),
  )
})
