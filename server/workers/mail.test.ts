import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openMailSink } from '../testing/mail-sink.ts'
import { mail } from './mail.ts'

describe('a mail', () => {
  const said = { to: ['ops@example.org'], subject: 'news', text: 'words', id: 'one', at: 1_700_000_000_000 }
  const outletAt = (url: string) => ({ smtp: { url, from: 'cardea@example.org' }, domain: 'cardea.internal' })
  /** The same server, under an address by which it isn't known to be on this machine. */
  const elsewhere = (url: string) => url.replace('127.0.0.1', '[::ffff:127.0.0.1]')

  it('goes unencrypted to this machine alone: a server elsewhere without STARTTLS gets neither it nor a password', async () => {
    await using sink = await openMailSink()
    await mail(outletAt(sink.url), said)
    assert.equal(sink.mails.length, 1)
    sink.commands.length = 0
    await assert.rejects(mail(outletAt(elsewhere(sink.url)), said), /STARTTLS/)
    const withPassword = elsewhere(sink.url).replace('//', '//user:password@')
    await assert.rejects(mail(outletAt(withPassword), said), /STARTTLS/)
    assert.equal(sink.mails.length, 1)
    assert.deepEqual([...new Set(sink.commands)].toSorted(), ['EHLO', 'STARTTLS'])
  })

  it('is given up when its server says nothing in time', async () => {
    await using sink = await openMailSink()
    sink.silent = true
    const limits = { connectionTimeout: 200, socketTimeout: 200 }
    const began = performance.now()
    await assert.rejects(mail(outletAt(sink.url), said, limits), { code: 'ETIMEDOUT' })
    assert.ok(performance.now() - began < 10_000)
  })
})
