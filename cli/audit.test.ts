import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answers, run, type Said } from './testing/world.ts'

const record = (more: object = {}, client = 'azsdk') => ({
  time: '2026-01-31T12:00:00.0000000Z',
  resourceId: '/SUBSCRIPTIONS/S',
  operationName: 'SecretGet',
  category: 'AuditEvent',
  resultType: 'Success',
  resultSignature: 'OK',
  resultDescription: '',
  callerIpAddress: '127.0.0.1',
  correlationId: 'c',
  identity: { claim: { oid: 'o', appid: 'a' } },
  properties: {
    id: 'https://demo.vault.cardea.internal/secrets/db/1',
    clientInfo: client,
    httpStatusCode: 200,
    requestUri: 'https://demo.vault.cardea.internal/secrets/db/1',
    isRbacAuthorized: true,
    series: 's',
    number: 7,
    outcome: 'done',
  },
  ...more,
})
const pages: Answers = ({ url }) =>
  url.searchParams.has('after')
    ? { body: { value: [record({ operationName: 'SecretSet' })], nextLink: null } }
    : {
        body: {
          value: [record()],
          nextLink: `${url.origin}/.cardea/journal?${url.searchParams}&after=x`,
        },
      }
const line = 'audit export --from 2026-01-01'

describe('audit export', () => {
  it('writes every page as Azure’s records, a line each', async () => {
    const { exit, out, asked } = await run(line.split(' '), { answers: pages })
    assert.equal(exit, 0)
    assert.deepEqual(
      out
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text)),
      [record(), record({ operationName: 'SecretSet' })],
    )
    assert.equal(asked[0]?.url.host, 'management.cardea.internal')
    assert.equal(asked[0]?.url.searchParams.get('from'), '2026-01-01T00:00:00.000Z')
    assert.ok(asked[0]?.url.searchParams.has('to'))
  })

  it('writes a new file, and says how much', async () => {
    const { out, written } = await run([...line.split(' '), '--out', 'log', '--format', 'json'], { answers: pages })
    assert.equal(out, '2 records written to log\n')
    assert.deepEqual(JSON.parse(written.log?.split('\n')[0] ?? ''), {
      ...{ time: '2026-01-31T12:00:00.0000000Z', operation: 'SecretGet', outcome: 'done', status: 200 },
      ...{ objectId: 'o', appId: 'a', address: '127.0.0.1', resource: '/SUBSCRIPTIONS/S' },
      ...{ object: 'https://demo.vault.cardea.internal/secrets/db/1', correlation: 'c', client: 'azsdk' },
      ...{ series: 's', number: 7 },
    })
  })

  it('knows whose deeds are meant by the name with which they sign in', async () => {
    const ada = '6a44937a-269c-441c-85ee-2fe8f122a8a1'
    const { exit, asked } = await run([...line.split(' '), '--caller', 'ada@example.org'], {
      answers: (request) =>
        request.url.pathname === '/v1.0/users/ada%40example.org'
          ? { body: { id: ada, displayName: 'ada' } }
          : pages(request),
    })
    assert.equal(exit, 0)
    assert.equal(asked.at(-1)?.url.searchParams.get('caller'), ada)
  })

  it('leaves a file that is there as it is', async () => {
    const { exit, err } = await run([...line.split(' '), '--out', 'log'], { answers: pages, files: { log: 'mine' } })
    assert.equal(exit, 1)
    assert.match(err, /already/)
  })

  it('leaves no file where it ends midway', async () => {
    const answers: Answers = (request) =>
      request.url.searchParams.has('after') ? { status: 503, body: { error: { message: 'Not now.' } } } : pages(request)
    const failed = await run([...line.split(' '), '--out', 'log'], { answers })
    assert.deepEqual([failed.exit, failed.written], [1, {}])
    const stopped = await run([...line.split(' '), '--out', 'log'], { answers: pages, stopsAfterMs: 0 })
    assert.deepEqual([stopped.exit, stopped.written], [1, {}])
    assert.match(stopped.err, /^Stopped after 0 records; log wasn’t written\./)
  })

  it('tells programs what it has written', async () => {
    const { out } = await run([...line.split(' '), '--out', 'log', '--json'], { answers: pages })
    assert.deepEqual(JSON.parse(out), { file: 'log', count: 2 })
  })

  it('gives a spreadsheet text where somebody sent a formula, a quote or a line', async () => {
    for (const evil of ['=HYPERLINK("http://x")', '+1', '-1', '@x', '\tx', 'a"b', 'a,b']) {
      const answers: Answers = () => ({ body: { value: [record({}, evil)], nextLink: null } })
      const { out } = await run([...line.split(' '), '--format', 'csv'], { answers })
      const [head, row, rest] = out.split('\r\n')
      assert.match(head ?? '', /^time,operation,/)
      assert.equal(rest, '')
      for (const cell of (row ?? '').matchAll(/(?:^|,)"((?:[^"]|"")*)"/g))
        assert.doesNotMatch(cell[1] ?? '', /^[=+\-@\t\r]/)
    }
  })

  it('keeps a record on one line, whatever its words', async () => {
    const answers: Answers = () => ({ body: { value: [record({}, 'a\r\nb\u2028c\u2029d')], nextLink: null } })
    for (const format of ['azure', 'json']) {
      const { out } = await run([...line.split(' '), '--format', format], { answers })
      assert.equal(out.split(/[\r\n\u2028\u2029]/).length, 2)
    }
  })

  it('doesn’t follow a page to another host', async () => {
    const answers: Answers = () => ({ body: { value: [], nextLink: 'https://evil.example/.cardea/journal' } })
    assert.match((await run(line.split(' '), { answers })).err, /another host/)
  })

  for (const words of [
    [],
    ['--from', 'yesterday'],
    ['--from', '2026-01-01', '--format', 'xml'],
    ['--from', '2026-13-01'],
  ]) {
    it(`refuses ${words.join(' ') || 'no beginning'}, and asks nobody`, async () => {
      const { exit, asked } = await run(['audit', 'export', ...words], { answers: pages })
      assert.deepEqual([exit, asked.length], [2, 0])
    })
  }

  it('asks only the management host of a Cardea', async () => {
    const env = { AZURE_KEYVAULT_URL: 'https://x.vault.azure.net', AZURE_CLIENT_SECRET: 'x', AZURE_CLIENT_ID: 'x' }
    const { exit, asked } = await run(line.split(' '), { env, answers: pages })
    assert.deepEqual([exit, asked.length], [2, 0])
  })
})

const now = 1_700_000_000
const readers: Answers = ({ url }) =>
  url.pathname.startsWith('/.cardea')
    ? {
        body: {
          value: [
            { version: 'b', objectId: 'o', appId: 'app', lastRead: now - 60, address: '10.0.0.1', times: 3 },
            { version: 'b', objectId: 'p', appId: '', lastRead: now - 90, address: '10.0.0.2', times: 1 },
          ],
        },
      }
    : {
        body: {
          value: ['a', 'b'].map((id) => ({
            id: `${url.origin}/secrets/db/${id}`,
            attributes: { enabled: true, created: now, updated: now },
          })),
          nextLink: null,
        },
      }

describe('who read a secret', () => {
  it('is shown by version', async () => {
    const { out, asked } = await run(['secret', 'readers', 'db'], { answers: readers })
    assert.equal(asked[0]?.url.pathname, '/.cardea/secrets/db/readers')
    assert.match(out, /^VERSION .*\nb +app +1 minute ago +3 +10\.0\.0\.1\nb +p /)
  })

  it('is nobody, or a question of the name', async () => {
    const none =
      (versions: Said): Answers =>
      ({ url }) =>
        url.pathname.startsWith('/.cardea') ? { body: { value: [] } } : versions
    const there = { body: { value: [{ id: 'x' }], nextLink: null } }
    assert.equal((await run(['secret', 'readers', 'db'], { answers: none(there) })).out, 'Nobody has read db yet.\n')
    const typo = { status: 404, body: { error: { code: 'SecretNotFound', message: 'Azure’s text' } } }
    const { exit, err } = await run(['secret', 'readers', 'typo'], { answers: none(typo) })
    assert.equal(exit, 1)
    assert.match(err, /^There is no secret typo in \S+\.\nSee: cardea secret list\n$/)
  })

  it('stands beside the versions for programs', async () => {
    const { out } = await run(['secret', 'versions', 'db', '--json'], { answers: readers })
    assert.deepEqual(
      new Map(JSON.parse(out).map(({ version, lastRead }: Record<string, unknown>) => [version, lastRead])),
      new Map([
        ['b', now - 60],
        ['a', null],
      ] as [string, number | null][]),
    )
  })
})
