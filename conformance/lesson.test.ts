import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { featureFlagPrefix, featureFlagType } from '@cardea/contract/appconfig/feature-flags'
import { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'
import { openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { findPythonSdk, seenBy } from './client.ts'

/**
 * The Python of the lesson on Key Vault and App Configuration, piece by piece as it is printed under these headings, run
 * from Debian's package. Only the public addresses are replaced, and what the lesson leaves to its reader.
 */
const python = needs('Debian’s python3-azure', findPythonSdk)
const skip = { skip: python.skip }
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

async function shown(
  pieces: readonly string[],
  show: Record<string, string>,
  instead: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const addresses = {
    'https://myvault.vault.azure.net': `https://${house.vaultHost}`,
    'https://mystore.azconfig.io': `https://${house.storeHost}`,
  }
  return seenBy('lesson.py', house.env, [JSON.stringify({ pieces, show, instead: { ...addresses, ...instead } })])
}

/** Gives the lesson's secret a new version. */
async function setKey(value: string): Promise<string> {
  const heard = await house.ask(house.vaultHost, 'PUT', '/secrets/openai-api-key?api-version=7.4', {
    token: await house.developerToken(),
    body: { value },
  })
  assert.equal(heard.status, 200, heard.text)
  return (heard.json.id as string).split('/').at(-1) as string
}
const reads = async () =>
  (await house.deeds()).filter(({ operation, outcome }) => operation === 'SecretGet' && outcome === 'done').length

describe('Implement Key Vault with the SDK', () => {
  it('1. Basic SDK Pattern', skip, async () => {
    const version = await setKey('sk-old')
    await setKey('sk-new')
    const show = { latest: 'api_key', specific: 'specific.value' }
    const seen = await shown(['basic-sdk-pattern'], show, { 'abc123...': version })
    assert.deepEqual(seen, { latest: 'sk-new', specific: 'sk-old' })
  })

  it('2. Create, Update, and Delete Secrets', skip, async () => {
    const version = await setKey('sk-0')
    const before = (await house.deeds()).length
    await shown(['basic-sdk-pattern', 'create-update-and-delete-secrets'], {}, { 'abc123...': version })
    const changes = (await house.deeds())
      .slice(before)
      .filter(({ operation, outcome }) => outcome === 'done' && /^Secret(Set|Update|Delete|Purge)$/.test(operation))
    assert.deepEqual(
      changes.map(({ operation }) => operation),
      ['SecretSet', 'SecretSet', 'SecretUpdate', 'SecretDelete', 'SecretPurge'],
    )
    const gone = await house.ask(house.vaultHost, 'GET', '/deletedsecrets/openai-api-key?api-version=7.4', {
      token: await house.developerToken(),
    })
    assert.equal(gone.status, 404)
  })

  it('3. Secret Versioning', skip, async () => {
    const versions = [await setKey('sk-1'), await setKey('sk-2')]
    const seen = await shown(
      ['basic-sdk-pattern', 'secret-versioning'],
      { versions: '[[v.version, v.enabled, v.expires_on] for v in versions]' },
      { 'abc123...': versions[0] as string },
    )
    assert.deepEqual(
      (seen.versions as unknown[][]).toSorted(),
      versions.toSorted().map((version) => [version, true, null]),
    )
  })

  it('4. Implement Caching (Avoid Throttling)', skip, async () => {
    const version = await setKey('sk-cached')
    const before = await reads()
    const seen = await shown(
      ['basic-sdk-pattern', 'implement-caching'],
      {
        values: 'sorted({SecretCache().get("openai-api-key") for _ in range(5000)})',
        later: '[setattr(time, "time", lambda at=time.time(): at + 301), SecretCache().get("openai-api-key")][1]',
      },
      { 'abc123...': version },
    )
    assert.deepEqual(seen, { values: ['sk-cached'], later: 'sk-cached' })
    // Two of the pattern itself, one of the cache's first read, and one after five minutes.
    assert.equal((await reads()) - before, 4)
  })
})

describe('Commands & Patterns', () => {
  it('Get latest version, Cache to avoid throttling', skip, async () => {
    await setKey('sk-pattern')
    const before = await reads()
    const values = 'sorted({get_secret("openai-api-key") for _ in range(5000)})'
    const seen = await shown(['commands-and-patterns'], { api_key: 'api_key', values })
    assert.deepEqual(seen, { api_key: 'sk-pattern', values: ['sk-pattern'] })
    assert.equal((await reads()) - before, 2)
  })
})

/**
 * The lesson's provider is younger than Debian 12's, and prints no credential for the vault, without which no provider
 * resolves a reference. Debian 12's 1.0.0b2 calls `load` by its class, has no `get`, and reads anew by loading anew.
 */
const withVaultCredential =
  'key_vault_options=AzureAppConfigurationKeyVaultOptions(credential=DefaultAzureCredential())'
const ofDebian12 = {
  'from azure.appconfiguration.provider import load':
    'from azure.appconfiguration.provider import AzureAppConfigurationKeyVaultOptions, AzureAppConfigurationProvider\n' +
    'load = AzureAppConfigurationProvider.load',
  'refresh_on=[WatchKey("sentinel")],\n    refresh_interval=30': withVaultCredential,
}

async function setSetting(key: string, value: string, contentType?: string): Promise<void> {
  const heard = await house.ask(house.storeHost, 'PUT', `/kv/${encodeURIComponent(key)}?api-version=2023-11-01`, {
    token: await house.developerToken(`https://${house.storeHost}`),
    body: { value, ...(contentType !== undefined && { content_type: contentType }) },
  })
  assert.equal(heard.status, 200, heard.text)
}

describe('Read Configuration with the Provider SDK', () => {
  before(async () => {
    await setSetting('OpenAI:Model', 'gpt-4')
    await setSetting('OpenAI:Endpoint', 'https://openai.example')
    const uri = `https://${house.vaultHost}/secrets/openai-api-key`
    await setSetting('OpenAI:ApiKey', JSON.stringify({ uri }), `${keyVaultReferenceType};charset=utf-8`)
    await setSetting('sentinel', 'v1')
  })

  it('Load and Read Config: Key Vault reference, SDK resolves automatically', skip, async () => {
    await setKey('sk-referred')
    const show = { model: 'model', endpoint: 'endpoint', api_key: 'api_key' }
    assert.deepEqual(await shown(['load-and-read-config'], show, ofDebian12), {
      model: 'gpt-4',
      endpoint: 'https://openai.example',
      api_key: 'sk-referred',
    })
  })

  it('Sentinel Pattern: Update all settings, then sentinel last', skip, async () => {
    await setSetting('OpenAI:Model', 'gpt-4o')
    await setSetting('sentinel', 'v2')
    const show = { model: 'config["OpenAI:Model"]', sentinel: 'config["sentinel"]' }
    const seen = await shown(['load-and-read-config', 'sentinel-pattern'], show, ofDebian12)
    assert.deepEqual(seen, { model: 'gpt-4o', sentinel: 'v2' })
  })
})

describe('Feature Flags', () => {
  const flag = (enabled: boolean) =>
    setSetting(
      `${featureFlagPrefix}EnableSemanticCache`,
      JSON.stringify({ id: 'EnableSemanticCache', enabled, conditions: {} }),
      `${featureFlagType};charset=utf-8`,
    )
  const pieces = ['load-and-read-config', 'enable-and-check-feature-flags']
  const instead = {
    ...ofDebian12,
    'credential=DefaultAzureCredential()\n)': `credential=DefaultAzureCredential(),\n    ${withVaultCredential}\n)`,
    'config.get(': 'config.copy().get(',
  }

  it('Enable and Check Feature Flags', skip, async () => {
    const enabled = { enabled: 'semantic_cache_enabled and semantic_cache_enabled["enabled"]' }
    assert.deepEqual(await shown(pieces, enabled, instead), { enabled: false })
    await flag(true)
    assert.deepEqual(await shown(pieces, enabled, instead), { enabled: true })
    await flag(false)
    assert.deepEqual(await shown(pieces, enabled, instead), { enabled: false })
  })
})
