import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AccessConversion, AccessExplanation } from '@cardea/contract/cardea/access'
import { type Answers, run } from './testing/world.ts'

const subscription = '/subscriptions/s'
const shopId = '6a44937a-269c-441c-85ee-2fe8f122a8a1'
const vault = `${subscription}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/orders`
const explanation: AccessExplanation = {
  principal: { id: 'p', name: 'the shop', kind: 'application', enabled: true },
  action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action',
  resource: `${vault}/secrets/db`,
  allowed: true,
  model: 'roles',
  closed: false,
  reasons: [
    {
      kind: 'role-assignment',
      assignment: 'a1',
      role: 'Key Vault Secrets User',
      scope: vault,
      group: 'shop team',
      condition: null,
      verdict: 'allows',
      loses: ['Microsoft.KeyVault/vaults/secrets/getSecret/action'],
    },
  ],
  wanted: 'Key Vault Secrets User',
}
const conversion: AccessConversion = {
  model: 'policies',
  steps: [
    {
      principal: 'p',
      name: 'the shop',
      roles: [{ id: 'r', name: 'Key Vault Secrets Officer', assigned: false }],
      gains: ['Microsoft.KeyVault/vaults/secrets/purge/action'],
      left: null,
    },
    { principal: 'gone', name: null, roles: [], gains: [], left: 'nobody' },
  ],
}

const answering =
  (told: AccessExplanation = explanation): Answers =>
  ({ url }) => {
    if (url.pathname === '/subscriptions') return { body: { value: [{ id: subscription, name: 's' }] } }
    if (url.pathname.endsWith('/vaults')) return { body: { value: [{ id: vault, name: 'orders' }] } }
    if (url.pathname === '/v1.0/users/ada%40example.org') return { body: { id: shopId, displayName: 'ada' } }
    if (url.pathname === '/.cardea/access/explain') return { body: told }
    return url.pathname === '/.cardea/access/conversion' ? { body: conversion } : undefined
  }

describe('access explain', () => {
  it('says whether, by which assignment and group, and what would go without it', async () => {
    const { exit, out, asked } = await run(['access', 'explain', shopId, 'secrets/get', 'Orders/db'], {
      answers: answering(),
    })
    assert.equal(exit, 0)
    assert.equal(
      out,
      [
        'the shop may Microsoft.KeyVault/vaults/secrets/getSecret/action',
        `  on ${vault}/secrets/db`,
        '',
        '✓ Key Vault Secrets User, by the group shop team: allows it',
        `    at ${vault}`,
        '    assignment a1',
        '    without it would go: Microsoft.KeyVault/vaults/secrets/getSecret/action',
        '',
      ].join('\n'),
    )
    assert.equal(asked.at(-1)?.url.searchParams.get('resource'), `${vault}/secrets/db`)
    assert.equal(asked.at(-1)?.url.host, 'management.cardea.internal')
  })

  it('says what is missing', async () => {
    const told = { ...explanation, allowed: false, reasons: [] }
    const { out } = await run(['access', 'explain', shopId, 'secrets/get', vault], { answers: answering(told) })
    assert.match(out, /the shop may not /)
    assert.match(out, /Nothing is assigned to it here\.\n\nThe least role that allows it: Key Vault Secrets User\n$/)
  })

  it('knows who is meant by the name with which they sign in, and asks no directory where it has an id', async () => {
    for (const [who, directories] of [
      ['ada@example.org', 1],
      [shopId, 0],
    ] as const) {
      const { asked } = await run(['access', 'explain', who, 'secrets/get', vault], { answers: answering() })
      assert.equal(asked.at(-1)?.url.searchParams.get('principal'), shopId)
      assert.equal(asked.filter(({ url }) => url.host === 'graph.cardea.internal').length, directories)
    }
    const { exit, err } = await run(['access', 'explain', 'bob@example.org', 'secrets/get', vault], {
      answers: answering(),
    })
    assert.equal(exit, 1)
    assert.match(err, /nobody called bob@example\.org/)
  })

  it('gives programs one document', async () => {
    const { out } = await run(['access', 'explain', shopId, 'secrets/get', vault, '--json'], { answers: answering() })
    assert.deepEqual(JSON.parse(out), explanation)
  })

  it('shows no terminal what a name would have it do', async () => {
    const told = { ...explanation, principal: { ...explanation.principal, name: 'x\u001b[2J' } }
    const { out } = await run(['access', 'explain', shopId, 'secrets/get', vault], { answers: answering(told) })
    assert.ok(!out.includes('\u001b'))
  })

  it('refuses a place that is none, and a vault that isn’t there', async () => {
    assert.equal((await run(['access', 'explain', shopId, 'secrets/get', 'a/b/c'], { answers: answering() })).exit, 2)
    assert.equal((await run(['access', 'explain', shopId, 'secrets/get', 'none'], { answers: answering() })).exit, 1)
    assert.equal((await run(['access', 'explain', shopId], { answers: answering() })).exit, 2)
  })
})

describe('access convert', () => {
  it('shows what would change, and changes nothing', async () => {
    const { out, asked } = await run(['access', 'convert', '--vault', 'orders'], { answers: answering() })
    assert.match(out, /^the shop: Key Vault Secrets Officer\n {4}gains .*purge\/action\ngone: nobody has this id/)
    assert.match(out, /Nothing has changed\. To do it: the same with --apply\n$/)
    assert.equal(asked.at(-1)?.method, 'GET')
  })

  it('does it when it is told to', async () => {
    const { out, asked } = await run(['access', 'convert', '--vault', 'orders', '--apply'], { answers: answering() })
    assert.match(out, /goes by roles now/)
    assert.equal(asked.at(-1)?.method, 'POST')
  })

  it('needs to know which vault', async () => {
    assert.equal((await run(['access', 'convert'], { answers: answering() })).exit, 2)
  })
})
