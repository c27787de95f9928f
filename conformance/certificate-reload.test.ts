import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { createSecureContext } from 'node:tls'
import { load } from '@cardea/client'
import { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'
import { builtInRoles } from '@cardea/contract/roles'
import { openCertifying } from '@cardea/server/testing/certifying'
import { until } from '@cardea/server/testing/rotating-keys'

/** A program reads the certificate of its server by a setting, and has the next one when the vault has renewed it. */
it('A program that has a certificate by a Key Vault reference has the renewed one, key and all, without being asked', async () => {
  await using here = await openCertifying()
  const { house, vault } = here
  const actions = [{ type: 'renew', percentage: 80 }] as const
  const first = await here.issued('web', {
    subject: 'CN=web.example',
    issuer: { name: 'Self' },
    contentType: 'application/x-pem-file',
    validityMonths: 1,
    actions,
  })
  const { notBefore = 0, expires = 0 } = first
  const due = notBefore + Math.ceil((expires - notBefore) * 0.8)
  // The program is started a little before: what proves who it is doesn't last for weeks.
  await here.leapTo(due - 60_000)
  await until('tokens are signed again', async () =>
    house.developerToken().then(
      () => true,
      () => false,
    ),
  )
  const app = await house.newcomer('web server')
  const store = vault.resourceId.replace('Microsoft.KeyVault/vaults', 'Microsoft.AppConfiguration/configurationStores')
  await house.assign(app.principal, builtInRoles.appConfigurationDataReader, store)
  await house.assign(app.principal, builtInRoles.keyVaultSecretsUser, vault.resourceId)
  const { status } = await house.ask(house.storeHost, 'PUT', '/kv/tls?api-version=2023-11-01', {
    token: await house.developerToken(`https://${house.storeHost}`),
    body: {
      value: JSON.stringify({ uri: `https://${house.vaultHost}/secrets/web` }),
      content_type: `${keyVaultReferenceType};charset=utf-8`,
    },
  })
  assert.equal(status, 200)
  using configuration = await load(`https://${house.storeHost}`, {
    selectors: [{ keyFilter: 'tls' }],
    clientOptions: {
      ca: readFileSync(house.cardea.caFile as string, 'utf8'),
      env: { ...house.env, AZURE_CLIENT_ID: app.principal.appId, AZURE_CLIENT_SECRET: app.password },
    },
  })
  const pem = () => configuration.get('tls') as string
  assert.equal(configuration.secretVersion('tls'), first.version)
  assert.deepEqual(new X509Certificate(pem()).raw, first.der)
  const reloads: string[] = []
  configuration.onChange((changes) => reloads.push(...changes.map(({ key }) => key)))
  await here.leapTo(due + 1_000)
  await until('the program has another certificate', () => configuration.secretVersion('tls') !== first.version)
  const second = await here.certificate('web')
  assert.equal(configuration.secretVersion('tls'), second.version)
  assert.deepEqual(new X509Certificate(pem()).raw, second.der)
  assert.deepEqual(reloads, ['tls'])
  // A server could use it as it is.
  createSecureContext({ key: pem(), cert: pem() })
})
