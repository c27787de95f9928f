import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { directoryRoles } from '@cardea/contract/roles/directory'
import { providersWith } from '@cardea/providers/providers'
import type { House } from './testing/house.ts'
import { fastTimes, openRotating } from './testing/rotating.ts'

/**
 * An application's secret rotates in our own directory, by its address, as in anybody's Graph: added, proven by a token,
 * published, and the old one removed.
 */
const day = 86_400
const providers = providersWith({ loopback: true })
/** Real requests take longer than those to a far side in memory. */
const times = {
  ...fastTimes,
  requestMs: 4_000,
  leaseMs: 9_000,
  quarantineMs: 13_500,
  graceMs: 14_000,
  giveUpMs: 60_000,
}

/** The directory and the login host under one address on this machine, as a proxy in front of a house has it. */
async function proxyOf(house: House): Promise<AsyncDisposable & { readonly origin: string }> {
  const server = createServer(async (request, answer) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const target = request.url ?? '/'
    const host = target.startsWith('/v1.0/') ? `graph.${house.cardea.installation.domain}` : house.loginHost
    const { authorization, 'content-type': type } = request.headers
    const heard = await house.ask(host, request.method ?? 'GET', target, {
      ...(parts.length > 0 && { body: Buffer.concat(parts) }),
      headers: {
        ...(authorization !== undefined && { authorization }),
        ...(type !== undefined && { 'content-type': type }),
      },
    })
    answer.writeHead(heard.status, { 'content-type': 'application/json' }).end(heard.text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('the secret of an application in our own directory', () => {
  it('rotates every seventy days by itself, works from the moment it is read, and the old one ends', async () => {
    let ahead = 0
    await using here = await openRotating({ clock: () => Date.now() + ahead, rotation: { providers, times } })
    const { house } = here
    await using proxy = await proxyOf(house)
    const graph = `graph.${house.cardea.installation.domain}`
    const asked = async (method: string, path: string, body?: object) => {
      const token = await house.developerToken(`https://${graph}`)
      const heard = await house.ask(graph, method, `/v1.0${path}`, { token, body })
      assert.ok(heard.status < 300, `${method} ${path}: ${heard.status} ${heard.text}`)
      return heard.json
    }
    const { id, appId } = await asked('POST', '/applications', { displayName: 'shop' })
    await asked('POST', '/servicePrincipals', { appId })

    // Whoever rotates it may change this one application and nothing else of the directory.
    const rotator = await house.newcomer('shop-rotator')
    await house.assign(rotator.principal, directoryRoles.applicationAdministrator, `/directory/applications/${id}`)
    const endDateTime = new Date(Date.now() + 365 * day * 1000).toISOString()
    const { secretText } = await asked('POST', `/servicePrincipals/${rotator.principal.objectId}/addPassword`, {
      passwordCredential: { displayName: 'rotator', endDateTime },
    })
    const tokenUrl = `${proxy.origin}/adfs/oauth2/v2.0/token`
    const administrator = {
      ...{ tokenUrl, clientId: rotator.principal.appId, clientSecret: secretText },
      ...{ scope: `https://${graph}/.default`, service: proxy.origin },
    }
    await here.set('graph-admin', JSON.stringify(administrator))
    const binding = {
      ...{
        graph: `${proxy.origin}/v1.0`,
        tokenUrl,
        scope: `https://vault.${house.cardea.installation.domain}/.default`,
      },
      ...{ admin: 'graph-admin', application: id, clientId: appId },
    }
    const heard = await here.bind('shop-secret', { provider: 'app-registration', binding, graceSeconds: 60 })
    assert.equal(heard.status, 200, heard.text)
    assert.equal(heard.json.intervalSeconds, 70 * day)
    await here.reaches('shop-secret', 'done')

    const passwords = async () => (await asked('GET', `/applications/${id}`)).passwordCredentials
    const works = (value: string) =>
      house.tokenFor(appId, value).then(
        () => true,
        () => false,
      )
    /** Puts the clock forward, and has everybody look at it. */
    const forward = async (seconds: number) => {
      ahead += seconds * 1000
      await house.cardea.base.database.write(async (turn) => turn.stir())
      const renewed = () =>
        here.renew().then(
          () => true,
          () => false,
        )
      await here.until('a key of that day signs tokens', renewed)
    }
    const old = (await here.get('shop-secret')).json.value as string
    assert.ok(await works(old))
    await forward(69 * day)
    assert.equal((await here.get('shop-secret')).json.value, old, 'not a day too soon')
    await forward(day)
    await here.reaches('shop-secret', 'grace')
    const value = (await here.get('shop-secret')).json.value as string
    assert.notEqual(value, old)
    assert.deepEqual([await works(value), await works(old)], [true, true], 'both, while programs switch')
    assert.equal((await passwords()).length, 2)
    await forward(61)
    await here.reaches('shop-secret', 'done')
    assert.deepEqual([await works(value), await works(old)], [true, false])
    const [left, ...more] = await passwords()
    assert.deepEqual([left.displayName.slice(0, 7), more], ['cardea ', []])
  })
})
