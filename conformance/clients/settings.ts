import assert from 'node:assert/strict'
import {
  AppConfigurationClient,
  featureFlagContentType,
  featureFlagPrefix,
  parseFeatureFlag,
} from '@azure/app-configuration'
import { type AzureAppConfiguration, type AzureAppConfigurationOptions, load } from '@azure/app-configuration-provider'
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { watched } from './public-methods.ts'

/**
 * What an application does with Azure's own libraries, knowing no more of the server than its environment: run by
 * `appconfig.test.ts` in a process of its own, since a process reads its trusted certificates once, as it begins.
 */
const env = process.env as Record<string, string>
const credential = new DefaultAzureCredential()
const connection = env.AZURE_APPCONFIG_CONNECTION_STRING as string
const endpoint = env.AZURE_APPCONFIG_ENDPOINT as string

/** What of the libraries was used; told on standard output as the process ends. */
const used = new Set<string>()
process.once('exit', () => console.log(JSON.stringify([...used])))
const use = (name: string) => void used.add(name)
const clientByKey = () => watched('client', new AppConfigurationClient(connection), use)
const clientByToken = () => watched('client', new AppConfigurationClient(endpoint, credential), use)
type Loaded = Promise<AzureAppConfiguration>
const loadedByKey = async (options: AzureAppConfigurationOptions): Loaded =>
  watched('loaded', await load(connection, options), use)
const loadedByToken = async (options: AzureAppConfigurationOptions): Loaded =>
  watched('loaded', await load(endpoint, credential, options), use)

const status = (wanted: number) => (error: unknown) => (error as { statusCode?: number }).statusCode === wanted

async function keeps(client: AppConfigurationClient, prefix: string): Promise<void> {
  const key = `${prefix}/a b/ü:x`
  const added = await client.addConfigurationSetting({ key, label: 'l,*', value: 'one', tags: { t: '1' } })
  assert.deepEqual([added.key, added.label, added.value, added.isReadOnly], [key, 'l,*', 'one', false])
  await assert.rejects(client.addConfigurationSetting({ key, label: 'l,*', value: 'two' }), status(412))

  const got = await client.getConfigurationSetting({ key, label: 'l,*' })
  assert.deepEqual([got.value, got.etag, got.tags], ['one', added.etag, { t: '1' }])
  assert.ok(got.lastModified instanceof Date)
  assert.equal((await client.getConfigurationSetting(got, { onlyIfChanged: true })).statusCode, 304)
  assert.deepEqual((await client.getConfigurationSetting({ key, label: 'l,*' }, { fields: ['value'] })).key, undefined)
  await assert.rejects(client.getConfigurationSetting({ key }), status(404))

  const set = await client.setConfigurationSetting({ ...got, value: 'two' }, { onlyIfUnchanged: true })
  assert.notEqual(set.etag, got.etag)
  await assert.rejects(
    client.setConfigurationSetting({ ...got, value: 'three' }, { onlyIfUnchanged: true }),
    status(412),
  )
  assert.equal((await client.setConfigurationSetting(set)).etag, set.etag)

  await assert.rejects(client.deleteConfigurationSetting(got, { onlyIfUnchanged: true }), status(412))
  assert.equal((await client.deleteConfigurationSetting({ key, label: 'l,*' })).statusCode, 200)
  assert.equal((await client.deleteConfigurationSetting({ key, label: 'l,*' })).statusCode, 204)
}

async function pages(client: AppConfigurationClient): Promise<void> {
  const keys = Array.from({ length: 200 }, (_, index) => `page/${String(index).padStart(3, '0')}`)
  await Promise.all(keys.map((key) => client.setConfigurationSetting({ key, value: 'v' })))
  const found: string[] = []
  for await (const { key } of client.listConfigurationSettings({ keyFilter: 'page/*', labelFilter: '\0' }))
    found.push(key)
  assert.deepEqual(found, keys)

  const byPage = (pageEtags?: string[]) =>
    Array.fromAsync(client.listConfigurationSettings({ keyFilter: 'page/*', ...(pageEtags && { pageEtags }) }).byPage())
  const first = await byPage()
  assert.deepEqual(
    first.map(({ items }) => items.length),
    [100, 100, 0],
  )
  const etags = first.map(({ etag }) => etag as string)
  const unchanged = await byPage(etags)
  assert.deepEqual(
    unchanged.map((page) => Number(page._response.status)),
    [304, 304, 304],
  )
  await client.setConfigurationSetting({ key: 'page/150', value: 'w' })
  const changed = await byPage(etags)
  assert.deepEqual(
    changed.map((page) => Number(page._response.status)),
    [304, 200, 304],
  )
  for await (const page of client.checkConfigurationSettings({ keyFilter: 'page/*' }).byPage()) assert.ok(page.etag)
}

async function filters(client: AppConfigurationClient): Promise<void> {
  for (const label of [undefined, 'dev', 'prod'])
    await client.setConfigurationSetting({ key: 'where', value: 'v', ...(label && { label }) })
  const labels = async (labelFilter?: string) =>
    (
      await Array.fromAsync(
        client.listConfigurationSettings({ keyFilter: 'where', ...(labelFilter && { labelFilter }) }),
      )
    ).map(({ label }) => label)
  assert.deepEqual(await labels(), [undefined, 'dev', 'prod'])
  assert.deepEqual(await labels('\0'), [undefined])
  assert.deepEqual(await labels('\0,prod'), [undefined, 'prod'])
  assert.deepEqual(await labels('d*'), ['dev'])
  await assert.rejects(labels('*d*'), status(400))
}

async function provides(): Promise<void> {
  const secrets = new SecretClient(env.AZURE_KEYVAULT_URL as string, credential)
  await secrets.setSecret('db-password', 'from the vault')
  const client = clientByKey()
  await client.setConfigurationSetting({ key: 'app/name', value: 'shop' })
  await client.setConfigurationSetting({
    key: 'app/limits',
    value: '{"max":3}',
    contentType: 'application/json',
  })
  await client.setConfigurationSetting({
    key: 'app/password',
    value: JSON.stringify({ uri: `${env.AZURE_KEYVAULT_URL}/secrets/db-password` }),
    contentType: 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8',
  })
  const options = {
    selectors: [{ keyFilter: 'app/*' }],
    trimKeyPrefixes: ['app/'],
    keyVaultOptions: { credential },
    refreshOptions: { enabled: true, refreshIntervalInMs: 1_000 },
  }
  for (const settings of [await loadedByToken(options), await loadedByKey(options)]) {
    assert.equal(settings.get('name'), 'shop')
    assert.deepEqual(settings.get('limits'), { max: 3 })
    assert.equal(settings.get('password'), 'from the vault')
  }
  const live = await loadedByKey(options)
  await client.setConfigurationSetting({ key: 'app/name', value: 'stall' })
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await live.refresh()
  assert.equal(live.get('name'), 'stall')
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 1_100))

async function remembers(client: AppConfigurationClient, key: string): Promise<void> {
  const id = { key, label: key }
  for (const value of ['one', 'two']) await client.setConfigurationSetting({ ...id, value, tags: { value } })
  const acceptDateTime = new Date()
  await soon()
  const locked = await client.setReadOnly(id, true)
  assert.equal(locked.isReadOnly, true)
  await assert.rejects(client.setConfigurationSetting({ ...id, value: 'three' }), status(409))
  await assert.rejects(client.deleteConfigurationSetting(id), status(409))
  await assert.rejects(client.setReadOnly({ ...id, etag: 'other' }, false, { onlyIfUnchanged: true }), status(412))
  assert.equal((await client.setReadOnly(locked, false, { onlyIfUnchanged: true })).isReadOnly, false)
  await client.setConfigurationSetting({ ...id, value: 'three', tags: { value: 'three' } })

  const values = async (options: object = {}) =>
    (await Array.fromAsync(client.listRevisions({ keyFilter: key, ...options }))).map(({ value }) => value)
  assert.deepEqual(await values(), ['three', 'two', 'two', 'two', 'one'])
  assert.deepEqual(await values({ labelFilter: key, acceptDateTime }), ['two', 'one'])
  assert.deepEqual(await values({ tagsFilter: ['value=one'] }), ['one'])
  assert.equal((await client.getConfigurationSetting(id, { acceptDateTime })).value, 'two')
  const tagged = client.listConfigurationSettings({ labelFilter: key, tagsFilter: ['value=three'] })
  assert.deepEqual(
    (await Array.fromAsync(tagged)).map(({ value }) => value),
    ['three'],
  )
  const labels = await Array.fromAsync(client.listLabels({ nameFilter: key }))
  assert.deepEqual(
    labels.map(({ name }) => name),
    [key],
  )
  await assert.rejects(client.setReadOnly({ key: 'history/none' }, true), status(404))
  client.updateSyncToken('cardea=MQ==;sn=1')
  await client.getConfigurationSetting(id)
  const described = await client.setConfigurationSetting({ ...id, value: 'four', description: 'why' } as typeof id)
  assert.equal((described as { description?: string }).description, 'why')
}

async function snapshots(client: AppConfigurationClient): Promise<void> {
  for (const key of ['shot/a', 'shot/b']) await client.setConfigurationSetting({ key, value: 'then', tags: { t: '1' } })
  const wanted = {
    name: 'shot',
    filters: [{ keyFilter: 'shot/*', tagsFilter: ['t=1'] }],
    retentionPeriodInSeconds: 3_600,
    tags: { a: '1' },
    description: 'why',
  }
  const made = await client.beginCreateSnapshotAndWait(wanted, { updateIntervalInMs: 50 })
  assert.deepEqual([made.name, made.status, made.itemCount, made.compositionType], ['shot', 'ready', 2, 'key'])
  assert.deepEqual([made.retentionPeriodInSeconds, made.tags], [3_600, { a: '1' }])
  await assert.rejects(client.beginCreateSnapshotAndWait(wanted, { updateIntervalInMs: 50 }), status(409))
  await client.setConfigurationSetting({ key: 'shot/a', value: 'now' })
  const held = await Array.fromAsync(client.listConfigurationSettingsForSnapshot('shot'))
  assert.deepEqual(
    held.map(({ key, value }) => [key, value]),
    [
      ['shot/a', 'then'],
      ['shot/b', 'then'],
    ],
  )
  const poller = client.beginCreateSnapshot(
    { name: 'shot-2', filters: [{ keyFilter: 'shot/*', labelFilter: 'none' }] },
    { updateIntervalInMs: 50 },
  )
  assert.equal((await (await poller).pollUntilDone()).itemCount, 0)
  const got = await client.getSnapshot('shot')
  const archived = await client.archiveSnapshot('shot', { etag: got.etag as string })
  assert.deepEqual([archived.status, archived.expiresOn instanceof Date], ['archived', true])
  await assert.rejects(client.archiveSnapshot('shot', { etag: got.etag as string }), status(412))
  const statuses = async (statusFilter: string[]) =>
    (await Array.fromAsync(client.listSnapshots({ nameFilter: 'shot*', statusFilter: statusFilter as ['ready'] }))).map(
      ({ name }) => name,
    )
  assert.deepEqual(await statuses(['archived']), ['shot'])
  assert.deepEqual(await statuses(['ready', 'archived']), ['shot', 'shot-2'])
  assert.equal((await client.recoverSnapshot('shot')).status, 'ready')
  await assert.rejects(client.getSnapshot('none'), status(404))
}

/** Flags, JSON, references to snapshots and to secrets, selectors and both ways of refreshing, by the provider. */
async function providesAll(): Promise<void> {
  const client = clientByKey()
  const flag = { id: 'Beta', enabled: true, conditions: { clientFilters: [{ name: 'Microsoft.Percentage' }] } }
  const flagged = {
    key: `${featureFlagPrefix}Beta`,
    contentType: featureFlagContentType,
    isReadOnly: false,
    value: flag,
  }
  await client.setConfigurationSetting(flagged)
  const { id, enabled } = parseFeatureFlag(await client.getConfigurationSetting({ key: flagged.key })).value
  assert.deepEqual([id, enabled], ['Beta', true])
  for (const [key, value, label] of [
    ['all/colour', 'red', undefined],
    ['all/colour', 'green', 'dev'],
    ['all/sentinel', '1', undefined],
    ['frozen/word', 'then', undefined],
  ] as const)
    await client.setConfigurationSetting({ key, value, ...(label !== undefined && { label }), tags: { part: key } })
  await client.beginCreateSnapshotAndWait(
    { name: 'frozen', filters: [{ keyFilter: 'frozen/*' }] },
    { updateIntervalInMs: 50 },
  )
  await client.setConfigurationSetting({ key: 'frozen/word', value: 'now' })
  const selectors = [
    { keyFilter: 'all/*' },
    { keyFilter: 'all/*', labelFilter: 'dev', tagFilters: ['part=all/colour'] },
    { snapshotName: 'frozen' },
  ]
  const featureFlagOptions = {
    enabled: true,
    selectors: [{ keyFilter: '*' }],
    refresh: { enabled: true, refreshIntervalInMs: 1_000 },
  }
  const live = await loadedByKey({
    selectors,
    featureFlagOptions,
    refreshOptions: { enabled: true, refreshIntervalInMs: 1_000, watchedSettings: [{ key: 'all/sentinel' }] },
  })
  assert.deepEqual([live.get('all/colour'), live.get('frozen/word')], ['green', 'then'])
  const names = ['all/colour', 'all/sentinel', 'feature_management', 'frozen/word']
  assert.deepEqual([...live.keys()].sort(), names)
  assert.deepEqual([...live].map(([key]) => key).sort(), names)
  assert.equal(live.size, names.length)
  assert.deepEqual(new Map(live.entries()).get('all/colour'), 'green')
  assert.ok([...live.values()].includes('then') && live.has('all/colour') && !live.has('all/none'))
  const each: string[] = []
  live.forEach((_, key) => void each.push(key))
  assert.deepEqual(each.sort(), names)
  const built = live.constructConfigurationObject({ separator: '/' }) as {
    feature_management: { feature_flags: { id: string; enabled: boolean }[] }
  }
  assert.deepEqual(
    built.feature_management.feature_flags.map((one) => [one.id, one.enabled]),
    [['Beta', true]],
  )
  let refreshed = 0
  const listener = live.onRefresh(() => {
    refreshed += 1
  })
  await client.setConfigurationSetting({ key: 'all/colour', label: 'dev', value: 'blue', tags: { part: 'all/colour' } })
  await soon()
  await live.refresh()
  assert.equal(live.get('all/colour'), 'green')
  await client.setConfigurationSetting({ key: 'all/sentinel', value: '2' })
  await soon()
  await live.refresh()
  assert.equal(live.get('all/colour'), 'blue')
  await client.setConfigurationSetting({ ...flagged, value: { ...flag, enabled: false } })
  await soon()
  await live.refresh()
  const flags = live.get('feature_management') as typeof built.feature_management
  assert.equal(flags.feature_flags[0]?.enabled, false)
  assert.equal(refreshed, 2)
  listener.dispose()
}

async function refuses(): Promise<void> {
  const forged = connection.replace(/Secret=.*/, `Secret=${Buffer.alloc(32).toString('base64')}`)
  await assert.rejects(new AppConfigurationClient(forged).getConfigurationSetting({ key: 'a' }), status(401))
}

const deeds: Record<string, () => Promise<void>> = {
  'keeps-by-key': () => keeps(clientByKey(), 'by-key'),
  'keeps-by-token': () => keeps(clientByToken(), 'by-token'),
  pages: () => pages(clientByKey()),
  filters: () => filters(clientByKey()),
  'remembers-by-key': () => remembers(clientByKey(), 'history-by-key'),
  'remembers-by-token': () => remembers(clientByToken(), 'history-by-token'),
  'snapshots-by-key': () => snapshots(clientByKey()),
  provides,
  'provides-all': providesAll,
  refuses,
}
const deed = deeds[process.argv[2] ?? '']
if (deed === undefined) throw new Error(`One of ${Object.keys(deeds).join(', ')}`)
await deed()
