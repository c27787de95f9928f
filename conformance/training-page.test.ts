import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type Configuration, load } from '@cardea/client'
import { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'
import { builtInRoles } from '@cardea/contract/roles'
import { type Newcomer, openHouse } from '@cardea/server/testing/house'
import { ask } from './ask.ts'

/**
 * The training page on Key Vault, sentence by sentence: its knowledge check, its scenarios, its key facts, what it says of
 * object types and roles, and its exercise. Each names the test that bears it, here or elsewhere.
 */
type Borne = { readonly by: string; readonly in?: string }
type Sentence = readonly [said: string, shown: Borne]

const lesson = 'server/planes/vault/secrets/lesson.test.ts'
const keyLesson = 'server/planes/vault/keys/lesson.test.ts'
const hsmLesson = 'server/planes/vault/keys/hsm-lesson.test.ts'
const certificateLesson = 'server/planes/vault/certificates/lesson.test.ts'
const explain = 'server/planes/cardea/access/explain.test.ts'
const vaults = 'server/planes/management/vaults/vaults.test.ts'
const python = 'conformance/lesson.test.ts'

const minimumRole: Borne = {
  in: explain,
  by: 'AI app needs to read the OpenAI API key at startup. Minimum required role? Key Vault Secrets User',
}
const contributor: Borne = {
  in: explain,
  by: 'Contributor can’t read secrets: A developer is Contributor on the subscription but can’t read secrets',
}
const recovered: Borne = {
  in: lesson,
  by: 'Secret was deleted but needs to be recovered. Soft delete: recover from deleted state within retention window',
}
const readOnly: Borne = { in: lesson, by: 'Secrets User: read-only access to secrets' }
const officer: Borne = { in: lesson, by: 'CI/CD creates/updates secrets: Key Vault Secrets Officer' }
const purgeProtection: Borne = {
  in: lesson,
  by: 'Purge protection prevents permanent deletion during the retention period, even by vault owners',
}
const literal: Borne = { by: 'Reference string appears literally: MI missing Secrets User role' }
const cached: Borne = {
  by: 'App makes 5,000 Key Vault calls/minute hitting rate limits: local cache with short TTL (5 min)',
}
const versionless: Borne = { by: 'Versionless URI auto-rotates, always resolves to latest version' }
const onManagedIdentity: Borne = {
  in: 'conformance/managed-identity.test.ts',
  by: 'App reads secrets: Key Vault Secrets User role on managed identity',
}

const sections: Record<string, readonly Sentence[]> = {
  'Knowledge Check': [
    ['AI app needs to read the OpenAI API key at startup. Minimum required role?', minimumRole],
    ['A developer is Contributor on the subscription but can’t read secrets. Why?', contributor],
    ['App Service Key Vault reference shows the literal reference string, not the secret value. Fix?', literal],
    ['Secret was deleted but needs to be recovered. How?', recovered],
    ['App makes 5,000 Key Vault calls/minute hitting rate limits. Fix?', cached],
  ],
  'Exam Summary Card': [
    ['App reads secrets: Key Vault Secrets User role on managed identity', onManagedIdentity],
    ['CI/CD creates/updates secrets: Key Vault Secrets Officer role', officer],
    [
      'Contributor can’t read secrets: Add Key Vault Secrets User role (data plane)',
      {
        in: lesson,
        by: 'A developer is Contributor on the subscription but can’t read secrets; Secrets User lets them',
      },
    ],
    ['Auto-rotating secret in App Service: Versionless URI reference', versionless],
    ['Rate limiting (too many KV calls): Local cache with short TTL (5 min)', cached],
    ['Reference string appears literally: MI missing Secrets User role', literal],
    ['Prevent permanent deletion: Purge protection enabled', purgeProtection],
    [
      'Compliance-grade key storage: HSM-backed keys (Premium tier)',
      { in: hsmLesson, by: 'Compliance-grade key storage: HSM-backed keys (Premium tier)' },
    ],
  ],
  'Key Facts': [
    ['Object types (SKC): Secrets (strings)', { in: python, by: '1. Basic SDK Pattern' }],
    [
      'Object types (SKC): Keys (crypto)',
      {
        in: keyLesson,
        by: 'The private key material never leaves Key Vault: your app sends data to it, and never receives the raw key',
      },
    ],
    ['Object types (SKC): Certificates (TLS)', { in: certificateLesson, by: 'Object types (SKC): Certificates (TLS)' }],
    ['Secrets User role: read-only secret values, assign to app managed identity', readOnly],
    ['Secrets Officer role: full CRUD on secrets, CI/CD pipelines, developers', officer],
    ['Contributor ≠ data: management-plane role CANNOT read secrets', contributor],
    ['Versionless URI: auto-rotates, always resolves to latest version', versionless],
    [
      'Local cache 5 min: in-process TTL avoids KV throttling',
      { in: python, by: '4. Implement Caching (Avoid Throttling)' },
    ],
    [
      'Soft delete: always on, 7–90 day recovery window. Prevents accidental delete',
      { by: 'Soft delete: always on, 7–90 day recovery window' },
    ],
    [
      'HSM keys: Premium tier, FIPS 140-2 Level 3, private key never leaves vault (as certified as the module is)',
      { in: hsmLesson, by: 'HSM keys: Premium tier, FIPS 140-2 Level 3, private key never leaves vault' },
    ],
  ],
  'Key Vault Object Types': [
    [
      'Secrets, versioned: each update creates a new version. Old versions still retrievable',
      {
        in: lesson,
        by: 'Every set_secret() call creates a new version. Old versions remain accessible until explicitly deleted',
      },
    ],
    ['Secrets: activatable/deactivatable', { in: lesson, by: 'Disable (deactivate) without deleting' }],
    [
      'Secrets: date-based access control (Azure tells the dates, and gives the value all the same)',
      {
        in: 'server/planes/vault/secrets/secrets.test.ts',
        by: 'gives its value before nbf and after exp, as the service does',
      },
    ],
    [
      'Keys: operations sign, verify, encrypt, decrypt, wrapKey, unwrapKey',
      { in: keyLesson, by: 'Keys: operations sign, verify, encrypt, decrypt, wrapKey, unwrapKey' },
    ],
    [
      'Certificates: full certificate lifecycle management',
      { in: certificateLesson, by: 'Certificates: full certificate lifecycle management' },
    ],
  ],
  'Key Vault RBAC Roles': [
    ['Key Vault Secrets User: read secret values. Read-only access to secrets', readOnly],
    ['Key Vault Secrets Officer: full CRUD on secrets', officer],
    [
      'Key Vault Crypto User: perform crypto operations with keys. Does not allow reading the raw key material',
      {
        in: keyLesson,
        by: 'Key Vault Crypto User: perform crypto operations with keys. Does NOT allow reading the raw key material',
      },
    ],
    [
      'Key Vault Crypto Officer: manage keys (create, update, delete) + perform operations',
      {
        in: keyLesson,
        by: 'Key Vault Crypto Officer: manage keys (create, update, delete) + perform operations',
      },
    ],
    [
      'Key Vault Certificate User: read certificate values',
      { in: certificateLesson, by: 'Key Vault Certificate User: read certificate values' },
    ],
    [
      'Key Vault Administrator: full access to all data plane operations',
      { by: 'Key Vault Administrator: full access to all data plane operations' },
    ],
    ['Vault level: access to all secrets in the vault', minimumRole],
    [
      'Individual secret level: access to only one secret',
      { in: lesson, by: 'Individual secret level: access to only one secret' },
    ],
  ],
  'Soft Delete and Purge Protection': [
    [
      'Deleted secrets move to deleted state for 7–90 days before permanent removal',
      { in: lesson, by: 'Deleted secrets move to deleted state for 7–90 days before permanent removal' },
    ],
    ['Purge protection prevents permanent deletion, even by vault owners', purgeProtection],
  ],
  'Exercise: Centralize AI App Secrets': [
    [
      'Create a Key Vault and store openai-api-key, cosmos-db-connection as secrets',
      { in: vaults, by: 'is made, read, changed and listed, and keeps what was said of it' },
    ],
    ['Assign Secrets User role to a Container App’s managed identity', onManagedIdentity],
    [
      'Use SecretClient with DefaultAzureCredential to retrieve secrets in code',
      { in: python, by: '1. Basic SDK Pattern' },
    ],
    [
      'Implement the local caching class to avoid throttling',
      { in: python, by: '4. Implement Caching (Avoid Throttling)' },
    ],
    ['Configure App Service Key Vault Reference (versionless URI) and verify secret resolves', versionless],
    ['Update secret value and confirm App Service picks up new value without redeployment', versionless],
  ],
}

let now = Date.now()
// The window of a quota doesn't pass by itself, however slow the machine is.
const house = await openHouse({ env: { CARDEA_QUOTA: 'azure-2000' }, clock: () => now })
after(() => house[Symbol.asyncDispose]())

describe('every sentence of the training page', () => {
  const root = join(import.meta.dirname, '..')
  for (const [section, sentences] of Object.entries(sections)) {
    it(`${section}: has a test that bears it`, () => {
      const missing = sentences.filter(([, shown]) => {
        const file = shown.in === undefined ? import.meta.filename : join(root, shown.in)
        return !readFileSync(file, 'utf8').includes(`it('${shown.by}'`)
      })
      assert.deepEqual(missing, [])
    })
  }
})

const ca = () => readFileSync(house.env.NODE_EXTRA_CA_CERTS as string, 'utf8')
const vaultId = () =>
  `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
const asDeveloper = async (method: string, path: string, body?: unknown) =>
  house.ask(house.vaultHost, method, `${path}?api-version=7.4`, { token: await house.developerToken(), body })

async function setSecret(name: string, value: string, attributes: object = {}): Promise<string> {
  const heard = await asDeveloper('PUT', `/secrets/${name}`, { value, attributes })
  assert.equal(heard.status, 200, heard.text)
  return heard.json.id.split('/').at(-1)
}

/** Lets a setting refer to a secret, with or without a version. */
async function refer(key: string, secret: string): Promise<string> {
  const value = JSON.stringify({ uri: `https://${house.vaultHost}/secrets/${secret}` })
  const heard = await house.ask(house.storeHost, 'PUT', `/kv/${key}?api-version=2023-11-01`, {
    token: await house.developerToken(`https://${house.storeHost}`),
    body: { value, content_type: `${keyVaultReferenceType};charset=utf-8` },
  })
  assert.equal(heard.status, 200, heard.text)
  return value
}

/** An application that may read the store, and nothing in the vault. */
async function appOf(name: string): Promise<Newcomer> {
  const app = await house.newcomer(name)
  const store = vaultId().replace('Microsoft.KeyVault/vaults', 'Microsoft.AppConfiguration/configurationStores')
  await house.assign(app.principal, builtInRoles.appConfigurationDataReader, store)
  return app
}

/** The configuration of an application as its program has it. Nothing is pushed to it: it looks for itself. */
const loadAs = ({ principal, password }: Newcomer, keyFilter: string): Promise<Configuration> =>
  load(`https://${house.storeHost}`, {
    selectors: [{ keyFilter }],
    push: false,
    startupOptions: { patienceInMs: 0 },
    clientOptions: {
      ca: ca(),
      env: { ...house.env, AZURE_CLIENT_ID: principal.appId, AZURE_CLIENT_SECRET: password },
    },
  })

/** How often an application asked for a secret, by what it was answered. */
async function readsBy({ principal }: Newcomer, outcome: string): Promise<number> {
  return (await house.deeds()).filter(
    (deed) => deed.operation === 'SecretGet' && deed.outcome === outcome && deed.caller === principal.objectId,
  ).length
}

describe('what the training page says', () => {
  it('App makes 5,000 Key Vault calls/minute hitting rate limits: local cache with short TTL (5 min)', async () => {
    await setSecret('openai-api-key', 'sk-1')
    await refer('cached', 'openai-api-key')
    const careless = await appOf('asks each time')
    const careful = await appOf('keeps what it read')
    for (const { principal } of [careless, careful])
      await house.assign(principal, builtInRoles.keyVaultSecretsUser, vaultId())

    const headers = { authorization: `Bearer ${await careless.token()}` }
    const agent = new Agent({ keepAlive: true, maxSockets: 20 })
    const { port } = house.cardea
    const path = '/secrets/openai-api-key?api-version=7.4'
    const statuses = new Map<number, number>()
    const call = async () => {
      const { status } = await ask({ port, ca: ca(), host: house.vaultHost, method: 'GET', path, headers, agent })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    for (let calls = 0; calls < 5000; calls += 50) await Promise.all(Array.from({ length: 50 }, call))
    agent.destroy()
    assert.ok((statuses.get(200) ?? 0) <= 2000, `${statuses.get(200)} were answered`)
    assert.equal((statuses.get(200) ?? 0) + (statuses.get(429) ?? 0), 5000)

    now += 10_000
    using configuration = await loadAs(careful, 'cached')
    const values = new Set(Array.from({ length: 5000 }, () => configuration.get('cached')))
    assert.deepEqual([...values], ['sk-1'])
    assert.equal(await readsBy(careful, 'done'), 1)
    assert.equal(await readsBy(careful, 'throttled'), 0)
    now += 10_000
  })

  it('Reference string appears literally: MI missing Secrets User role', async () => {
    await setSecret('referred', 'sk-referred')
    const reference = await refer('literal', 'referred')
    const app = await appOf('without the role')
    const seen = await house.ask(house.storeHost, 'GET', '/kv/literal?api-version=2023-11-01', {
      token: await app.token(`https://${house.storeHost}`),
    })
    assert.equal(seen.json.value, reference)
    await assert.rejects(loadAs(app, 'literal'), (error: Error & { code: string }) => {
      assert.equal(error.code, 'forbidden')
      assert.match(error.message, /"literal"/)
      assert.match(error.message, /403/)
      assert.doesNotMatch(error.message, /sk-referred/)
      return true
    })
    assert.ok((await readsBy(app, 'forbidden')) >= 1)
    await house.assign(app.principal, builtInRoles.keyVaultSecretsUser, vaultId())
    using configuration = await loadAs(app, 'literal')
    assert.equal(configuration.get('literal'), 'sk-referred')
  })

  it('Versionless URI auto-rotates, always resolves to latest version', async () => {
    const first = await setSecret('rotating', 'old')
    await refer('rotating/latest', 'rotating')
    await refer('rotating/pinned', `rotating/${first}`)
    const app = await appOf('goes with the rotation')
    await house.assign(app.principal, builtInRoles.keyVaultSecretsUser, vaultId())
    using configuration = await loadAs(app, 'rotating/*')
    const both = () => [configuration.get('rotating/latest'), configuration.get('rotating/pinned')]
    assert.deepEqual(both(), ['old', 'old'])
    configuration.setSecretRefreshInterval(1000)
    await setSecret('rotating', 'new')
    const until = performance.now() + 20_000
    while (configuration.get('rotating/latest') !== 'new' && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(both(), ['new', 'old'])
  })

  it('Soft delete: always on, 7–90 day recovery window', async () => {
    const { subscription, tenant } = house.cardea.installation
    const host = `management.${house.cardea.installation.domain}`
    const token = await house.developerToken(`https://${host}`)
    const put = (properties: object) =>
      house.ask(
        host,
        'PUT',
        `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/soft?api-version=2024-11-01`,
        {
          token,
          body: {
            location: 'local',
            properties: { tenantId: tenant, sku: { family: 'A', name: 'standard' }, ...properties },
          },
        },
      )
    for (const properties of [
      { enableSoftDelete: false },
      { softDeleteRetentionInDays: 6 },
      { softDeleteRetentionInDays: 91 },
    ]) {
      assert.equal((await put(properties)).status, 400, JSON.stringify(properties))
    }
    const made = await put({})
    assert.equal(made.json.properties.enableSoftDelete, true)
    assert.equal(made.json.properties.softDeleteRetentionInDays, 90)
    await setSecret('kept', 'v')
    await asDeveloper('DELETE', '/secrets/kept')
    assert.equal((await asDeveloper('POST', '/deletedsecrets/kept/recover')).status, 200)
  })

  it('Key Vault Administrator: full access to all data plane operations', async () => {
    const administrator = await house.newcomer('administrator')
    await house.assign(administrator.principal, builtInRoles.keyVaultAdministrator, vaultId())
    const token = await administrator.token()
    const ask = (method: string, path: string, body?: unknown) =>
      house.ask(house.vaultHost, method, `${path}?api-version=7.4`, { token, body })
    for (const [method, path, body] of [
      ['PUT', '/secrets/all', { value: 'v' }],
      ['GET', '/secrets/all', undefined],
      ['PATCH', '/secrets/all', { tags: {} }],
      ['GET', '/secrets', undefined],
      ['GET', '/secrets/all/versions', undefined],
      ['POST', '/secrets/all/backup', {}],
      ['DELETE', '/secrets/all', undefined],
      ['GET', '/deletedsecrets', undefined],
      ['POST', '/deletedsecrets/all/recover', {}],
      ['DELETE', '/secrets/all', undefined],
      ['DELETE', '/deletedsecrets/all', undefined],
      ['POST', '/keys/all/create', { kty: 'EC' }],
      ['POST', '/keys/all/sign', { alg: 'ES256', value: 'A'.repeat(43) }],
      ['GET', '/keys', undefined],
      ['POST', '/keys/all/backup', undefined],
      ['DELETE', '/keys/all', undefined],
      ['DELETE', '/deletedkeys/all', undefined],
      ['POST', '/certificates/whole/create', { policy: { x509_props: { subject: 'CN=all' } } }],
      ['GET', '/certificates/whole/pending', undefined],
      ['GET', '/certificates/whole/policy', undefined],
      ['DELETE', '/certificates/whole/pending', undefined],
      ['DELETE', '/certificates/whole', undefined],
      ['DELETE', '/deletedcertificates/whole', undefined],
      ['PUT', '/certificates/contacts', { contacts: [{ email: 'a@example.org' }] }],
      ['DELETE', '/certificates/contacts', undefined],
      ['PUT', '/certificates/issuers/all', { provider: 'Test' }],
      ['DELETE', '/certificates/issuers/all', undefined],
    ] as const) {
      const { status } = await ask(method, path, body)
      assert.ok([200, 202, 204].includes(status), `${method} ${path}: ${status}`)
    }
  })
})
