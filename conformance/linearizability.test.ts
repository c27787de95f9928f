import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { addPassword, credentialsHeldBy, dropCredential } from '@cardea/server/core/identity/directory'
import { enablePrincipal } from '@cardea/server/core/identity/testing/enable-principal'
import type { House } from '@cardea/server/testing/house'
import { type Nodes, openNodes } from '@cardea/server/testing/nodes'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { ask } from './ask.ts'
import { firstContradiction, type Reading, type Writing } from './linearizable.ts'

/**
 * P6 over a recorded history: whatever changes who may do what, answered by one node of a cluster, holds in the very next
 * request on another. Readers on both nodes ask all the time; the history that they recorded must fit one order.
 */
const postgres = needs('PostgreSQL', findPostgres)
const changes = 1000
const path = '/secrets/watched?api-version=7.4'

describe('two nodes on one PostgreSQL, a thousand changes of access', { skip: postgres.skip }, () => {
  let database: TestPostgres
  let opened: Nodes
  let nodes: [House, House]
  const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })]
  before(async () => {
    database = await startPostgres()
    opened = await openNodes(database.url())
    nodes = [opened.one, opened.two]
  })
  after(async () => {
    for (const agent of agents) agent.destroy()
    await opened?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  const get = async (which: number, token: string): Promise<number> => {
    const { cardea, vaultHost } = nodes[which] as House
    const headers = { authorization: `Bearer ${token}` }
    const ca = readFileSync(cardea.caFile as string, 'utf8')
    const agent = agents[which] as Agent
    return (await ask({ port: cardea.port, ca, host: vaultHost, agent, method: 'GET', path, headers })).status
  }

  it('holds to each in the very next request on the other node, and never goes back on one', async () => {
    const [one] = nodes
    const made = await one.ask(one.vaultHost, 'PUT', path, { token: await one.developerToken(), body: { value: 'v' } })
    assert.equal(made.status, 200)
    const reader = await one.newcomer('watcher')
    const { principal } = reader
    const scope = `/subscriptions/${one.cardea.installation.subscription}`
    let token = await reader.token()
    let revoke = await one.assign(principal, builtInRoles.keyVaultSecretsUser, scope)

    /** What takes the right away, and what gives it back; each through the node that it is given. */
    const ways: readonly (readonly [
      name: string,
      deny: (node: House) => Promise<void>,
      allow: (node: House) => Promise<void>,
    ])[] = [
      [
        'role',
        () => revoke(),
        async (node) => {
          revoke = await node.assign(principal, builtInRoles.keyVaultSecretsUser, scope)
        },
      ],
      [
        'principal',
        ({ cardea: { base } }) =>
          base.database.write((turn) => enablePrincipal(turn, base.keyring, principal.objectId, false)),
        ({ cardea: { base } }) =>
          base.database.write((turn) => enablePrincipal(turn, base.keyring, principal.objectId, true)),
      ],
      [
        'password',
        ({ cardea: { base } }) =>
          base.database.write(async (turn) => {
            for (const { id } of await credentialsHeldBy(turn.sql, principal.objectId))
              await dropCredential(turn, principal.objectId, id)
          }),
        async (node) => {
          const { base } = node.cardea
          const password = randomBytes(20).toString('base64url')
          await base.database.write((turn) =>
            addPassword(turn, base.keyring, principal, password, { name: 'again', ends: turn.at + 86_400_000 }),
          )
          token = await node.tokenFor(principal.appId, password)
        },
      ],
    ]

    const readings: Reading[] = []
    let done = false
    const follow = async (which: number) => {
      while (!done) {
        const began = performance.now()
        const status = await get(which, token)
        readings.push({ began, ended: performance.now(), value: status === 200 })
        assert.ok([200, 401, 403].includes(status), String(status))
      }
    }
    const followers = [follow(0), follow(1)]
    const writings: Writing[] = [{ began: 0, ended: performance.now(), value: true }]
    for (let change = 0; change < changes; change += 1) {
      const [name, deny, allow] = ways[Math.floor(change / 2) % ways.length] as (typeof ways)[number]
      const value = change % 2 === 1
      const which = Math.floor(change / 7) % 2
      const began = performance.now()
      await (value ? allow : deny)(nodes[which] as House)
      writings.push({ began, ended: performance.now(), value })
      const status = await get(1 - which, token)
      assert.equal(status === 200, value, `change ${change} (${name}) by node ${which}: the other answered ${status}`)
    }
    done = true
    await Promise.all(followers)
    assert.ok(readings.length >= changes / 2, `${readings.length} readings beside the writer`)
    assert.equal(firstContradiction(writings, readings), undefined)
  })
})
