import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { openHouse } from '../../../testing/house.ts'
import { until } from '../../../testing/rotating-keys.ts'
import { certificatesIn, heardOverTls, pemOf, selfPolicy, versionIn } from '../testing/certificates.ts'

/** What people are taught about certificates in Azure Key Vault, sentence by sentence, holds here. */
const day = 86_400_000
let ahead = 0
const house = await openHouse({ clock: () => Date.now() + ahead })
after(() => house[Symbol.asyncDispose]())
const vault = certificatesIn(house)

/** Puts the clock forward, and has all workers look. */
async function passed(ms: number): Promise<void> {
  ahead += ms
  await house.cardea.base.database.write(async (turn) => turn.stir())
  await until('anybody is known after a leap', async () => (await vault.ask('GET', '/secrets')).status !== 401)
}
const versionsOf = async (name: string): Promise<string[]> =>
  (await vault.done('GET', `/certificates/${name}/versions`)).value.map(versionIn)

describe('what is taught about certificates', () => {
  it('Object types (SKC): Certificates (TLS)', async () => {
    for (const [name, contentType] of [
      ['tls', 'application/x-pkcs12'],
      ['tls-pem', 'application/x-pem-file'],
    ] as const) {
      const { cer } = await vault.make(name, { ...selfPolicy, secret_props: { contentType } })
      const secret = await vault.done('GET', `/secrets/${name}`)
      assert.equal(secret.contentType, contentType)
      const given =
        contentType === 'application/x-pkcs12'
          ? { pfx: Buffer.from(secret.value, 'base64'), passphrase: '' }
          : { key: secret.value, cert: secret.value }
      assert.equal(await heardOverTls(given, pemOf(cer as string)), 'hello')
    }
    // One name, three objects: the certificate, its key and what a server needs of both.
    const { kid, sid, id } = await vault.done('GET', '/certificates/tls')
    assert.deepEqual(
      [id, kid, sid].map((one: string) => one.split('/').slice(3, 5).join('/')),
      ['certificates/tls', 'keys/tls', 'secrets/tls'],
    )
  })

  it('Key Vault Certificate User: read certificate values', async () => {
    const { cer } = await vault.make('read')
    const { principal, token } = await house.newcomer('reader')
    const { subscription } = house.cardea.installation
    const scope = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    const user = certificatesIn(house, () => token())
    assert.equal((await user.ask('GET', '/certificates/read')).status, 403)
    await house.assign(principal, builtInRoles.keyVaultCertificateUser, scope)
    assert.equal((await user.done('GET', '/certificates/read')).cer, cer)
    assert.equal((await user.done('GET', '/certificates/read/policy')).issuer.name, 'Self')
    assert.ok((await user.done('GET', '/certificates')).value.length > 0)
    // Their value is the private part, too.
    const pfx = Buffer.from((await user.done('GET', '/secrets/read')).value, 'base64')
    assert.equal(await heardOverTls({ pfx, passphrase: '' }, pemOf(cer as string)), 'hello')
    for (const [method, path, body] of [
      ['POST', '/certificates/other/create', { policy: selfPolicy }],
      ['POST', '/certificates/other/import', { value: 'AAAA' }],
      ['PATCH', '/certificates/read', { tags: {} }],
      ['PATCH', '/certificates/read/policy', { x509_props: { validity_months: 3 } }],
      ['POST', '/certificates/read/backup', undefined],
      ['DELETE', '/certificates/read', undefined],
      ['PUT', '/certificates/contacts', { contacts: [] }],
      ['GET', '/certificates/issuers', undefined],
      ['POST', '/keys/read/sign', { alg: 'RS256', value: 'A'.repeat(43) }],
    ] as const)
      assert.equal((await user.ask(method, path, body)).status, 403, `${method} ${path}`)
  })

  it('Certificates: full certificate lifecycle management', async () => {
    const renewing = {
      ...selfPolicy,
      lifetime_actions: [{ trigger: { days_before_expiry: 30 }, action: { action_type: 'AutoRenew' } }],
    }
    const first = await vault.make('lived', renewing, { tags: { team: 'shop' } })

    // What was made elsewhere is imported; here, from another certificate's secret.
    const { value } = await vault.done('GET', '/secrets/lived')
    const imported = await vault.done('POST', '/certificates/imported/import', { value })
    assert.equal(imported.cer, first.cer)

    // Renewed by itself in time, with a key of its own, and in use under the same name.
    const expires = (first.attributes.exp as number) * 1000
    await passed(expires - 31 * day - (Date.now() + ahead))
    assert.deepEqual(await versionsOf('lived'), [versionIn(first)])
    await passed(day + 60_000)
    await until('it is renewed', async () => (await versionsOf('lived')).length === 2)
    const second = await vault.done('GET', '/certificates/lived')
    const [old, renewed] = [first, second].map(({ cer }) => new X509Certificate(Buffer.from(cer as string, 'base64')))
    assert.ok(old !== undefined && renewed !== undefined)
    assert.equal(renewed.subject, old.subject)
    assert.notEqual(
      renewed.publicKey.export({ format: 'pem', type: 'spki' }),
      old.publicKey.export({ format: 'pem', type: 'spki' }),
    )
    assert.ok(second.attributes.exp > (first.attributes.exp as number))
    assert.deepEqual(second.tags, { team: 'shop' })
    const secret = await vault.done('GET', '/secrets/lived')
    const pfx = Buffer.from(secret.value, 'base64')
    assert.equal(versionIn(secret), versionIn(second))
    assert.ok(pfx.length > 0)

    // Deleted, it is gone with its key and its secret; recovered, it is back with both; purged, it is gone for good.
    const kinds = ['certificates', 'keys', 'secrets']
    const statuses = (prefix: string) =>
      Promise.all(kinds.map(async (kind) => (await vault.ask('GET', `/${prefix}${kind}/lived`)).status))
    await vault.done('DELETE', '/certificates/lived')
    assert.deepEqual(
      [await statuses(''), await statuses('deleted')],
      [
        [404, 404, 404],
        [200, 200, 200],
      ],
    )
    await vault.done('POST', '/deletedcertificates/lived/recover')
    assert.deepEqual(
      [await statuses(''), await statuses('deleted')],
      [
        [200, 200, 200],
        [404, 404, 404],
      ],
    )
    await vault.done('DELETE', '/certificates/lived')
    assert.equal((await vault.ask('DELETE', '/deletedcertificates/lived')).status, 204)
    assert.deepEqual(
      [await statuses(''), await statuses('deleted')],
      [
        [404, 404, 404],
        [404, 404, 404],
      ],
    )
  })
})
