import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { type Channel, channelsFor, type Rule } from '#core/alerts/alert.ts'
import { openMailSink } from '../testing/mail-sink.ts'
import { openWebHook } from '../testing/receiver.ts'
import { deliver, type Outlets } from './messenger.ts'

const minute = 60_000

describe('a message', () => {
  const evil = '=x\r\nBcc: all@example.org\r\n\r\n.\r\nMAIL FROM:<x>\u2028y'
  const ruleFor = (to: Rule['to']): Rule => ({
    ...{ id: 'id', scope: `/subscriptions/${evil}`, name: 'rule', to, channels: channelsFor(to) },
    ...{ watch: 'denied', threshold: 3, withinMs: 5 * minute, pauseMs: minute },
  })
  const message = (to: Rule['to'], says = evil) => ({
    rule: ruleFor(to),
    channel: channelsFor(to)[0] as Channel,
    news: [{ subject: 'a', says }],
    at: 1_700_000_000_000,
  })
  const outlets: Outlets = { smtp: undefined, key: 'key', domain: 'cardea.internal', allowPrivate: false }

  it('by mail has the headers and recipients that we gave it, whatever a finding says', async () => {
    await using sink = await openMailSink()
    const to = { mail: ['ops@example.org'], webhook: undefined }
    await deliver(message(to), { ...outlets, smtp: { url: sink.url, from: 'cardea@example.org' } })
    assert.equal(sink.mails.length, 1)
    assert.deepEqual(sink.mails[0]?.to, ['ops@example.org'])
    const [head = ''] = (sink.mails[0]?.text ?? '').split('\n\n')
    assert.doesNotMatch(head, /Bcc/i)
    assert.doesNotMatch(sink.mails[0]?.text ?? '', /^(Bcc|MAIL FROM)/im)
  })

  it('by web hook is signed, and known again when it is repeated', async () => {
    await using hook = await openWebHook(() => ({ status: 200 }))
    const to = { mail: [], webhook: hook.url }
    const way = { ...outlets, allowPrivate: true, ca: hook.ca, lookup: async () => ['127.0.0.1'] }
    await deliver(message(to), way)
    await deliver(message(to), way)
    const [first, second] = hook.heard
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = first?.headers ?? {}
    const expected = createHmac('sha256', 'key').update(`${id}.${time}.${first?.body}`).digest('base64')
    assert.equal(signature, `v1,${expected}`)
    assert.equal(second?.headers['webhook-id'], id)
    const { data } = JSON.parse(first?.body ?? '')
    assert.equal(data.essentials.alertRule, 'rule')
    assert.equal(data.alertContext.count, 1)
    assert.doesNotMatch(first?.body ?? '', /\\r|\\n|\u2028/)
  })

  it('to a chat is words alone, in which nothing is a link and nobody is called', async () => {
    await using hook = await openWebHook(() => ({ status: 200 }))
    const to = { mail: [], webhook: hook.url, chat: true }
    const way = { ...outlets, allowPrivate: true, ca: hook.ca, lookup: async () => ['127.0.0.1'] }
    await deliver(message(to, 'db & <!channel> @here <https://evil.example|click>'), way)
    const body = JSON.parse(hook.heard[0]?.body ?? '')
    assert.deepEqual(Object.keys(body), ['text'])
    assert.match(body.text, /^The alert rule rule \(denied\)/)
    assert.match(body.text, /- db &amp; &lt;!channel&gt; @\u200bhere &lt;https/)
    assert.doesNotMatch(body.text, /[<>]/)
  })

  it('follows no web hook to another place, and calls what isn’t taken undelivered', async () => {
    let answer = 200
    await using hook = await openWebHook(() => ({ status: answer, headers: { location: 'https://169.254.169.254/' } }))
    const way = { ...outlets, allowPrivate: true, ca: hook.ca, lookup: async () => ['127.0.0.1'] }
    for (const status of [302, 404, 500]) {
      answer = status
      await assert.rejects(deliver(message({ mail: [], webhook: hook.url }), way), new RegExp(`answered ${status}`))
    }
    assert.equal(hook.heard.length, 3)
  })
})
