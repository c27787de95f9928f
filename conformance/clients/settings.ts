import assert from 'node:assert/strict'
import { AppConfigurationClient } from '@azure/app-configuration'
import { load } from '@azure/app-configuration-provider'
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

/**
 * What an application does with Azure's own libraries, knowing no more of the server than its environment: run by
 * `appconfig.test.ts` in a process of its own, since a process reads its trusted certificates once, as it begins.
 */
const env = process.env as Record<string, string>
const credential = new DefaultAzureCredential()
const connection = env.AZURE_APPCONFIG_CONNECTION_STRING as string
const endpoint = env.AZURE_APPCONFIG_ENDPOINT as string

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
  const client = new AppConfigurationClient(connection)
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
  for (const settings of [await load(endpoint, credential, options), await load(connection, options)]) {
    assert.equal(settings.get('name'), 'shop')
    assert.deepEqual(settings.get('limits'), { max: 3 })
    assert.equal(settings.get('password'), 'from the vault')
  }
  const live = await load(connection, options)
  await client.setConfigurationSetting({ key: 'app/name', value: 'stall' })
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  await live.refresh()
  assert.equal(live.get('name'), 'stall')
}

async function refuses(): Promise<void> {
  const forged = connection.replace(/Secret=.*/, `Secret=${Buffer.alloc(32).toString('base64')}`)
  await assert.rejects(new AppConfigurationClient(forged).getConfigurationSetting({ key: 'a' }), status(401))
}

const deeds: Record<string, () => Promise<void>> = {
  'keeps-by-key': () => keeps(new AppConfigurationClient(connection), 'by-key'),
  'keeps-by-token': () => keeps(new AppConfigurationClient(endpoint, credential), 'by-token'),
  pages: () => pages(new AppConfigurationClient(connection)),
  filters: () => filters(new AppConfigurationClient(connection)),
  provides,
  refuses,
}
const deed = deeds[process.argv[2] ?? '']
if (deed === undefined) throw new Error(`One of ${Object.keys(deeds).join(', ')}`)
await deed()
