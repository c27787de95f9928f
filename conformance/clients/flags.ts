import assert from 'node:assert/strict'
import { AppConfigurationClient, featureFlagContentType, featureFlagPrefix } from '@azure/app-configuration'
import { load } from '@azure/app-configuration-provider'
import {
  ConfigurationMapFeatureFlagProvider,
  createFeatureEvaluationEventProperties,
  type EvaluationResult,
  FeatureManager,
} from '@microsoft/feature-management'

/** An application that decides by feature flags, with Microsoft's own library over Azure's own provider. */
const connection = process.env.AZURE_APPCONFIG_CONNECTION_STRING as string
const client = new AppConfigurationClient(connection)
const day = 86_400_000
const at = (ms: number): string => new Date(Date.now() + ms).toUTCString()
const filter = (name: string, parameters: object) => ({ client_filters: [{ name: `Microsoft.${name}`, parameters }] })
const audience = (more: object) =>
  filter('Targeting', { Audience: { Users: [], Groups: [], DefaultRolloutPercentage: 0, ...more } })

/** Flags as the portal and the command line of Azure write them. */
const flags: Readonly<Record<string, object>> = {
  On: { enabled: true },
  Off: { enabled: false, conditions: audience({ Users: ['ada'] }) },
  Begun: { enabled: true, conditions: filter('TimeWindow', { Start: at(-day), End: at(day) }) },
  Over: { enabled: true, conditions: filter('TimeWindow', { End: at(-day) }) },
  Weekly: {
    enabled: true,
    conditions: filter('TimeWindow', {
      Start: at(-3_600_000),
      End: at(3_600_000),
      Recurrence: { Pattern: { Type: 'Daily', Interval: 1 }, Range: { Type: 'NoEnd' } },
    }),
  },
  Some: {
    enabled: true,
    conditions: audience({
      Users: ['ada'],
      Groups: [{ Name: 'ring0', RolloutPercentage: 100 }],
      Exclusion: { Users: ['eve'], Groups: ['banned'] },
    }),
  },
  Third: { enabled: true, conditions: audience({ DefaultRolloutPercentage: 33 }) },
  Both: {
    enabled: true,
    conditions: {
      requirement_type: 'All',
      client_filters: [
        ...audience({ Users: ['ada'] }).client_filters,
        ...filter('TimeWindow', { Start: at(-day) }).client_filters,
      ],
    },
  },
  Own: { enabled: true, conditions: { client_filters: [{ name: 'Own.Weather', parameters: { Is: 'fine' } }] } },
  Colours: {
    enabled: true,
    variants: [
      { name: 'Red', configuration_value: 'red' },
      { name: 'Large', configuration_value: { size: 7, of: ['a', { b: null }] } },
      { name: 'Shut', configuration_value: false, status_override: 'Disabled' },
      { name: 'Half' },
    ],
    allocation: {
      default_when_enabled: 'Red',
      default_when_disabled: 'Half',
      user: [
        { variant: 'Large', users: ['ada'] },
        { variant: 'Shut', users: ['eve'] },
      ],
      group: [{ variant: 'Half', groups: ['ring0'] }],
      percentile: [{ variant: 'Large', from: 0, to: 25 }],
      seed: 'always the same',
    },
    telemetry: { enabled: true, metadata: { team: 'shop' } },
  },
}

const write = (id: string, flag: object) =>
  client.setConfigurationSetting({
    key: `${featureFlagPrefix}${id}`,
    contentType: featureFlagContentType,
    value: JSON.stringify({ id, ...flag }),
  })
for (const [id, flag] of Object.entries(flags)) await write(id, flag)

const settings = await load(connection, {
  selectors: [{ keyFilter: 'none' }],
  featureFlagOptions: {
    enabled: true,
    selectors: [{ keyFilter: '*' }],
    refresh: { enabled: true, refreshIntervalInMs: 1_000 },
  },
})
const told: EvaluationResult[] = []
const manager = new FeatureManager(new ConfigurationMapFeatureFlagProvider(settings), {
  customFilters: [{ name: 'Own.Weather', evaluate: ({ parameters }) => (parameters as { Is: string }).Is === 'fine' }],
  onFeatureEvaluated: (event) => void told.push(event),
})
const isOn = (id: string, userId?: string, groups: string[] = []) =>
  manager.isEnabled(id, userId === undefined ? undefined : { userId, groups })
const on = async (...asked: Parameters<typeof isOn>[]) => Promise.all(asked.map((one) => isOn(...one)))

assert.deepEqual((await manager.listFeatureNames()).sort(), Object.keys(flags).sort())
assert.deepEqual(await on(['On'], ['Off', 'ada'], ['Unknown']), [true, false, false])
assert.deepEqual(await on(['Begun'], ['Over'], ['Weekly'], ['Own']), [true, false, true, true])
assert.deepEqual(
  await on(
    ['Some', 'ada'],
    ['Some', 'bob'],
    ['Some', 'bob', ['ring0']],
    ['Some', 'eve', ['ring0']],
    ['Some', 'ada', ['banned']],
  ),
  [true, false, true, false, false],
)
assert.deepEqual(await on(['Both', 'ada'], ['Both', 'bob']), [true, false])

const people = Array.from({ length: 1_000 }, (_, index) => `user-${index}`)
const third = (await Promise.all(people.map((person) => isOn('Third', person)))).filter((one) => one).length
assert.ok(third > 270 && third < 390, `${third} of 1000 are a third`)

const variant = (userId: string, groups: string[] = []) => manager.getVariant('Colours', { userId, groups })
const [ada, ring] = [await variant('ada'), await variant('zoe', ['ring0'])]
assert.deepEqual([ada?.name, ada?.configuration], ['Large', { size: 7, of: ['a', { b: null }] }])
assert.deepEqual([ring?.name, ring?.configuration], ['Half', undefined])
assert.equal((await variant('eve'))?.configuration, false)
assert.equal(await isOn('Colours', 'eve'), false)
const given = await Promise.all(people.map(async (person) => (await variant(person))?.name))
const large = given.filter((name) => name === 'Large').length
assert.ok(large > 190 && large < 310, `${large} of 1000 are a quarter`)
assert.ok(given.every((name) => name === 'Large' || name === 'Red'))
assert.deepEqual(await Promise.all(people.map(async (person) => (await variant(person))?.name)), given)

// What telemetry tells comes from the provider: the flag’s etag and its place.
const event = told.find(({ feature }) => feature?.id === 'Colours')
const properties = createFeatureEvaluationEventProperties(event as EvaluationResult) as Record<string, string>
assert.equal(properties.team, 'shop')
assert.match(properties.ETag ?? '', /^.{10,}$/)
assert.match(properties.FeatureFlagReference ?? '', /\/kv\/\.appconfig\.featureflag\/Colours$/)

await write('Off', { enabled: true })
await new Promise((resolve) => setTimeout(resolve, 1_100))
await settings.refresh()
assert.equal(await isOn('Off'), true)
console.log(JSON.stringify({ third, large }))
