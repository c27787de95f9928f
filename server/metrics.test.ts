import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { silentLog } from '#base/log.ts'
import { Histogram, Meter } from '#base/metrics.ts'
import { textOf } from '#base/metrics-text.ts'
import { Meters } from '#planes/http/meters.ts'
import { startMetricsExporter } from '#workers/metrics-exporter.ts'
import { SettingsError, settingsFrom } from './settings.ts'
import { openHouse } from './testing/house.ts'

const version = 'api-version=7.4'
const managementHost = 'management.cardea.internal'

/** The value of one line of the exposition. */
const numberIn = (text: string, line: string): number | undefined => {
  const found = text.split('\n').find((one) => one.startsWith(`${line} `))
  return found === undefined ? undefined : Number(found.slice(line.length + 1))
}

describe('metrics', () => {
  it('count every answer under Azure’s names, also those that refuse', async () => {
    await using house = await openHouse()
    const token = await house.developerToken()
    await house.ask(house.vaultHost, 'PUT', `/secrets/db?${version}`, { token, body: { value: 'x' } })
    for (let count = 0; count < 3; count += 1)
      await house.ask(house.vaultHost, 'GET', `/secrets/db?${version}`, { token })
    await house.ask(house.vaultHost, 'GET', `/secrets/none?${version}`, { token })
    await house.ask(house.vaultHost, 'GET', `/secrets/db?${version}`)
    await house.ask(house.vaultHost, 'GET', `/no/such/path?${version}`, { token })
    const owner = await house.developerToken(`https://${managementHost}`)
    const { status, headers, text } = await house.ask(managementHost, 'GET', '/.cardea/metrics', { token: owner })
    assert.equal(status, 200)
    assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
    const get = 'ActivityType="secret",ActivityName="secretget"'
    assert.equal(numberIn(text, `ServiceApiHit{${get}}`), 5)
    assert.equal(numberIn(text, `ServiceApiResult{${get},StatusCode="200",StatusCodeClass="2xx"}`), 3)
    assert.equal(numberIn(text, `ServiceApiResult{${get},StatusCode="404",StatusCodeClass="4xx"}`), 1)
    assert.equal(numberIn(text, `ServiceApiResult{${get},StatusCode="401",StatusCodeClass="4xx"}`), 1)
    assert.equal(numberIn(text, `ServiceApiLatency_count{${get}}`), 5)
    assert.equal(numberIn(text, `ServiceApiLatency_bucket{${get},le="+Inf"}`), 5)
    assert.equal(numberIn(text, 'ServiceApiHit{ActivityType="vault",ActivityName="unknown"}'), 1)
    assert.equal(numberIn(text, 'Availability'), 100)
    assert.ok((numberIn(text, 'SaturationShoebox') ?? -1) >= 0)
    assert.ok((numberIn(text, 'cardea_turn_milliseconds_count') ?? 0) > 5)
    assert.equal(numberIn(text, 'cardea_rotations_open{state="blocked"}'), 0)
    assert.equal(numberIn(text, 'cardea_events_waiting'), 0)
    assert.equal(numberIn(text, 'cardea_consumers_lagging'), 0)
    assert.ok((numberIn(text, 'cardea_event_loop_delay_milliseconds{quantile="0.99"}') ?? -1) >= 0)
    for (const line of text.trimEnd().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\\\n]*",?)*\})? [\d.e+-]+)$/)
  })

  it('tell of applications that lag behind, and of events that wait', async () => {
    await using house = await openHouse({
      env: { CARDEA_EVENTS_URL: 'http://127.0.0.1:9/', CARDEA_METRICS_PORT: '0' },
    })
    const token = await house.developerToken()
    const set = () => house.ask(house.vaultHost, 'PUT', `/secrets/db?${version}`, { token, body: { value: 'x' } })
    const first = (await set()).json.id.split('/').at(-1)
    const body = { application: 'app', uses: [{ secret: 'db', version: first }] }
    await house.ask(house.vaultHost, 'PUT', '/.cardea/consumers/one', { token, body })
    await set()
    const text = await (await fetch(`http://127.0.0.1:${house.cardea.metricsPort}/metrics`)).text()
    assert.equal(numberIn(text, 'cardea_consumers_lagging'), 1)
    assert.equal(numberIn(text, 'cardea_events_waiting'), 2)
  })

  it('are read without a token on a port of their own, on loopback and by a loopback name alone', async () => {
    await using house = await openHouse({ env: { CARDEA_METRICS_PORT: '0' } })
    const at = `http://127.0.0.1:${house.cardea.metricsPort}`
    assert.equal((await fetch(`${at}/metrics`)).status, 200)
    assert.equal((await fetch(`${at}/secrets/db`)).status, 404)
    assert.equal((await fetch(`${at}/metrics`, { method: 'POST' })).status, 404)
    const { request } = await import('node:http')
    const rebound = request(`${at}/metrics`, { headers: { host: 'evil.example' } }).end()
    const [answer] = await once(rebound, 'response')
    assert.equal(answer.statusCode, 421)
    answer.resume()
  })

  it('are not there without the setting', async () => {
    await using house = await openHouse()
    assert.equal(house.cardea.metricsPort, undefined)
  })

  it('go to an OpenTelemetry collector, which may be away', async () => {
    const bodies: string[] = []
    const answers = [503, 200, 200]
    const collector = createServer((request, answer) => {
      request.setEncoding('utf8')
      let body = ''
      request.on('data', (part) => {
        body += part
      })
      request.on('end', () => {
        bodies.push(body)
        answer.writeHead(answers[bodies.length - 1] ?? 200).end()
      })
    }).listen(0, '127.0.0.1')
    await once(collector, 'listening')
    const latency = new Histogram([1, 10])
    for (const ms of [0.5, 5, 50]) latency.add(ms)
    const worker = startMetricsExporter({
      url: new URL(`http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/metrics`),
      families: async () => [
        { name: 'hits', says: 'Hits.', kind: 'counter', samples: [{ labels: { a: 'b' }, value: 3 }] },
        {
          name: 'latency',
          says: 'Time.',
          unit: 'ms',
          kind: 'histogram',
          samples: [{ labels: {}, ...spreadOf(latency) }],
        },
        { name: 'now', says: 'Now.', kind: 'gauge', samples: [{ labels: {}, value: 1.5 }] },
      ],
      clock: () => 1_700_000_000_000,
      log: silentLog,
      everyMs: 10,
    })
    while (bodies.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    await worker.close()
    await new Promise((resolve) => collector.close(resolve))
    const times = { startTimeUnixNano: '1700000000000000000', timeUnixNano: '1700000000000000000' }
    assert.deepEqual(JSON.parse(bodies[1] as string), {
      resourceMetrics: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cardea' } }] },
          scopeMetrics: [
            {
              scope: { name: 'cardea' },
              metrics: [
                {
                  ...{ name: 'hits', description: 'Hits.', unit: '1' },
                  sum: {
                    aggregationTemporality: 2,
                    isMonotonic: true,
                    dataPoints: [{ ...times, attributes: [{ key: 'a', value: { stringValue: 'b' } }], asDouble: 3 }],
                  },
                },
                {
                  ...{ name: 'latency', description: 'Time.', unit: 'ms' },
                  histogram: {
                    aggregationTemporality: 2,
                    dataPoints: [
                      {
                        ...{ ...times, attributes: [], count: '3', sum: 55.5 },
                        ...{ bucketCounts: ['1', '1', '1'], explicitBounds: [1, 10] },
                      },
                    ],
                  },
                },
                {
                  ...{ name: 'now', description: 'Now.', unit: '1' },
                  gauge: { dataPoints: [{ ...times, attributes: [], asDouble: 1.5 }] },
                },
              ],
            },
          ],
        },
      ],
    })
  })
})

const spreadOf = ({ bounds, counts, sum }: Histogram) => ({ bounds, counts, sum })

describe('a meter', () => {
  it('costs the answer that it counts well under a microsecond', (context) => {
    const meter = new Meter()
    const rounds = 200_000
    const measure = () => {
      const since = performance.now()
      for (let count = 0; count < rounds; count += 1) meter.count(200, performance.now() - since > 0 ? 0.7 : 0.6)
      return ((performance.now() - since) * 1e6) / rounds
    }
    measure()
    const best = Math.min(measure(), measure(), measure())
    context.diagnostic(`${best.toFixed(0)} ns for a count and a look at the clock`)
    assert.ok(best < 1_000, `${best} ns`)
  })

  it('takes only our own failures for a lack of availability, and forgets them after a while', () => {
    let now = 0
    const meters = new Meters(() => now)
    const meter = meters.of('vault', 'SecretGet')
    const availability = () => meters.families().find(({ name }) => name === 'Availability')?.samples[0]
    for (const status of [200, 200, 404, 503]) meter.count(status, 1)
    assert.deepEqual(availability(), { labels: {}, value: 75 })
    now = 60_001
    assert.deepEqual(availability(), { labels: {}, value: 75 })
    meter.count(200, 1)
    assert.deepEqual(availability(), { labels: {}, value: 100 })
  })

  it('names keys of a store apart from keys of a vault', () => {
    const meters = new Meters()
    meters.of('appconfig', 'KeyValueGet').count(200, 1)
    meters.of('vault', 'KeySign').count(200, 1)
    assert.match(textOf(meters.families()), /ServiceApiHit\{ActivityType="appconfig",ActivityName="keyvalueget"\} 1/)
    assert.match(textOf(meters.families()), /ServiceApiHit\{ActivityType="key",ActivityName="keysign"\} 1/)
  })

  it('lets no label break its line', () => {
    const samples = [{ labels: { name: 'a"b\\c\nd' }, value: 1 }]
    assert.equal(
      textOf([{ name: 'x', says: 'one\ntwo', kind: 'gauge', samples }]),
      '# HELP x one\\ntwo\n# TYPE x gauge\nx{name="a\\"b\\\\c\\nd"} 1\n',
    )
  })
})

describe('where metrics go', () => {
  for (const [name, value] of [
    ['CARDEA_METRICS_PORT', 'many'],
    ['CARDEA_METRICS_PORT', '70000'],
    ['CARDEA_OTLP_URL', 'http://collector.example/v1/metrics'],
    ['CARDEA_OTLP_URL', 'https://user:password@collector.example/v1/metrics'],
    ['CARDEA_OTLP_URL', 'collector'],
  ] as const) {
    it(`can’t be ${name}=${value}`, () => assert.throws(() => settingsFrom({ [name]: value }), SettingsError))
  }
})
