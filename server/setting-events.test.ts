import assert from 'node:assert/strict'
import { it } from 'node:test'
import { managerOf, storePath } from './planes/management/testing/manager.ts'
import { openHouse } from './testing/house.ts'
import { asCloud, asGrid, openWebHook, reaching, type WebHook } from './testing/receiver.ts'
import { until } from './testing/subscribing.ts'

const prefix = 'Microsoft.AppConfiguration.'

it('settings and snapshots are told of in both schemas, field by field, and their values never', async () => {
  await using grid = await openWebHook(asGrid)
  await using cloud = await openWebHook(asCloud)
  await using house = await openHouse(reaching(grid, cloud))
  const manager = await managerOf(house)
  const subscribe = async (name: string, { url }: WebHook, eventDeliverySchema: string) => {
    const path = `${storePath('demo')}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`
    const destination = { endpointType: 'WebHook', properties: { endpointUrl: url } }
    const put = await manager.ask('PUT', path, { properties: { destination, eventDeliverySchema } })
    assert.equal(put.status, 201, put.text)
    await until(async () => (await manager.ask('GET', path)).json.properties.provisioningState === 'Succeeded')
  }
  await subscribe('as-grid', grid, 'EventGridSchema')
  await subscribe('as-cloud', cloud, 'CloudEventSchemaV1_0')

  const token = await house.developerToken(`https://${house.storeHost}`)
  const asked = async (method: string, path: string, body?: object) => {
    const heard = await house.ask(house.storeHost, method, `${path}api-version=2023-11-01`, {
      token,
      ...(body && { body }),
    })
    assert.ok(heard.status < 300, heard.text)
    return heard
  }
  // What happens together may come in any order: so each has come before the next thing happens.
  const told: { type: string; subject: string; data: Record<string, unknown> }[] = []
  const tells = async (type: string, subject: string, data: Record<string, unknown>) => {
    told.push({ type: `${prefix}${type}`, subject: `https://demo.config.cardea.internal/${subject}`, data })
    for (const hook of [grid, cloud]) await until(() => hook.events().length >= told.length)
  }
  const setting = async (
    type: string,
    method: string,
    path: string,
    query: string,
    key: string,
    label: string | null,
  ) => {
    const { json, headers } = await asked(method, `/${path}?${query}`, method === 'PUT' ? value : undefined)
    const shown = `kv/${encodeURIComponent(key)}${label === null ? '' : `?label=${encodeURIComponent(label)}`}`
    await tells(type, shown, { key, label, etag: json.etag, syncToken: headers['sync-token'] })
  }
  const value = { value: 'never-in-an-event', tags: { a: 'nor-this' } }
  await setting('KeyValueModified', 'PUT', 'kv/app%3Aa%2Fb', 'label=d%20e&', 'app:a/b', 'd e')
  await setting('KeyValueModified', 'PUT', 'kv/%C3%BC', '', 'ü', null)
  await setting('KeyValueModified', 'PUT', 'locks/%C3%BC', '', 'ü', null)
  await setting('KeyValueModified', 'DELETE', 'locks/%C3%BC', '', 'ü', null)
  await setting('KeyValueDeleted', 'DELETE', 'kv/%C3%BC', '', 'ü', null)

  const made = await asked('PUT', '/snapshots/first?', {
    filters: [{ key: '*', label: '*' }],
    composition_type: 'key_label',
  })
  await until(() => grid.events().length >= told.length + 2 && cloud.events().length >= told.length + 2)
  const ready = await asked('GET', '/snapshots/first?')
  const archived = await asked('PATCH', '/snapshots/first?', { status: 'archived' })
  for (const [type, etag] of [
    ['SnapshotCreated', made.json.etag],
    ['SnapshotModified', ready.json.etag],
    ['SnapshotModified', archived.json.etag],
  ])
    await tells(type, 'snapshots/first', { name: 'first', etag, syncToken: undefined })

  const topic = `/subscriptions/${manager.subscription}${storePath('demo')}`
  const syncToken = /^cardea=[\w-]+;sn=\d+$/
  for (const [index, { type, subject, data }] of told.entries()) {
    const [one, other] = [grid.events()[index], cloud.events()[index]]
    for (const event of [one, other]) {
      assert.match(event.data.syncToken, syncToken)
      if (data.syncToken === undefined) event.data.syncToken = undefined
    }
    const { id, eventTime } = one
    assert.deepEqual(
      one,
      { id, topic, subject, data, eventType: type, eventTime, dataVersion: '1', metadataVersion: '1' },
      `${type} in Event Grid’s schema`,
    )
    assert.deepEqual(
      { ...other, datacontenttype: 'application/json' },
      {
        specversion: '1.0',
        id,
        source: topic,
        type,
        subject,
        time: eventTime,
        datacontenttype: 'application/json',
        data,
      },
      `${type} as a CloudEvent`,
    )
  }
  for (const hook of [grid, cloud]) {
    assert.equal(hook.events().length, told.length)
    assert.doesNotMatch(JSON.stringify(hook.heard), /never-in-an-event|nor-this/)
  }
})
