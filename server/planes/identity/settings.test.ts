import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { decodeJwt } from 'jose'
import { settingsFrom } from '../../settings.ts'
import { openHouse } from '../../testing/house.ts'

describe('the operator’s settings', () => {
  it('say how long tokens live, and the token says so too', async () => {
    let at = Date.now()
    await using short = await openHouse({ clock: () => at, env: { CARDEA_TOKEN_MINUTES: '5' } })
    const token = await short.developerToken()
    const { exp = 0, iat = 0 } = decodeJwt(token)
    assert.equal(exp - iat, 300)
    const get = () => short.ask(short.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    assert.equal((await get()).status, 200)
    at += 11 * 60_000
    assert.equal((await get()).status, 401)
  })

  it('are refused all together when they make no sense', () => {
    const [issuer, appId] = ['https://issuer.example.org', randomUUID()]
    for (const [name, value] of [
      ['CARDEA_TOKEN_MINUTES', '4'],
      ['CARDEA_TOKEN_MINUTES', '1441'],
      ['CARDEA_TOKEN_MINUTES', 'an hour'],
      ['CARDEA_ISSUERS', 'http://issuer.example.org'],
      ['CARDEA_ISSUERS', 'issuer.example.org'],
      ['CARDEA_ISSUERS', `${issuer}?x=y`],
      ['CARDEA_ISSUERS', 'https://user:password@issuer.example.org'],
      ['CARDEA_ISSUERS', `${issuer} ${issuer}`],
      ['CARDEA_ISSUERS', `${issuer};jwks=a ${issuer};jwks=b`],
      ['CARDEA_MACHINE_IDENTITIES', 'this machine'],
      ['CARDEA_MACHINE_IDENTITIES', '*'],
      ['CARDEA_MACHINE_IDENTITIES', '/subscriptions/x'],
      [
        'CARDEA_MACHINE_IDENTITIES',
        `/subscriptions/${randomUUID()}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`,
      ],
    ] as const) {
      assert.throws(() => settingsFrom({ [name]: value }), new RegExp(name), `${name}=${value}`)
    }
    const { issuers, machineIdentities } = settingsFrom({
      CARDEA_ISSUERS: `${issuer}\nhttps://other.example.org/realm/;jwks=/etc/keys.json,`,
      CARDEA_MACHINE_IDENTITIES: appId.toUpperCase(),
    })
    assert.deepEqual(issuers, [
      { issuer, jwksFile: undefined },
      { issuer: 'https://other.example.org/realm/', jwksFile: '/etc/keys.json' },
    ])
    assert.deepEqual(machineIdentities, [appId])
  })
})
