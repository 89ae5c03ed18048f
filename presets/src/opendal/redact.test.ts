import { describe, expect, it } from 'vitest'
import { redactText } from './redact.ts'

describe('redactText', () => {
  it.each([
    ['https://user:pass@host/a?sig=1', 'https://***@host/a?***'],
    ['(https://host/a?sig=1), then', '(https://host/a?***), then'],
    ['redis://:pa/ss@host:6379/0', 'redis://***@host:6379/0'],
    ['https://host/mail@example', 'https://host/mail@example'],
    ['client-secret = "a b c" and more', 'client-secret = *** and more'],
    ['AWS_SESSION_TOKEN=abc&x=1', 'AWS_SESSION_TOKEN=***&x=1'],
    ['status: 403, key: "notes/1"', 'status: 403, key: "notes/1"'],
    [
      'response: Parts { status: 403, headers: {"x": "}"} } => S3Error { code: "AccessDenied", message: "no" }',
      'response: Parts { status: 403, headers: {…} } => S3Error { code: "AccessDenied", … }',
    ],
    ['headers: {"authorization": "Basic abc', 'headers: {…}'],
  ])('%s', (text, safe) => expect(redactText(text)).toBe(safe))

  it('keeps no half of a word: its password may come after the cut', () => {
    const text = `${'a '.repeat(8190)}https://user:${'p'.repeat(100)}@host/`
    expect(redactText(text)).not.toContain('user')
    expect(redactText(`https://user:${'p'.repeat(20_000)}@host/`)).toBe('')
  })

  it.each([
    'https://'.repeat(200_000),
    `A://:${'@'.repeat(1_000_000)}`,
    'headers: {"'.repeat(100_000),
    '-I'.repeat(500_000),
    `${'A://'.repeat(200_000)}?`,
    'response: Parts {'.repeat(60_000),
  ])('cuts a text of a megabyte before it looks: %#', (text) => {
    expect(redactText(text).length).toBeLessThanOrEqual(600)
  })
})
