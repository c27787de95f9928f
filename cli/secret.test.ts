import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answers, run, vaultUrl } from './testing/world.ts'

const version = '0123456789abcdef0123456789abcdef'
const day = 86_400
const nowSeconds = 1_700_000_000
const attributes = { enabled: true, created: nowSeconds - day, updated: nowSeconds - 60, recoveryLevel: 'Recoverable' }

const set: Answers = ({ url, given }) => ({
  body: { id: `${vaultUrl}${url.pathname}/${version}`, ...given, attributes },
})

describe('secret set', () => {
  it('takes a value from a pipe, without the line break that the shell added', async () => {
    const { exit, out, asked } = await run(['secret', 'set', 'db'], { stdin: 'two\nlines\n', answers: set })
    assert.equal(exit, 0)
    assert.equal(out, `db is now version ${version}\n`)
    assert.equal(asked[0]?.method, 'PUT')
    assert.equal(asked[0]?.url.pathname, '/secrets/db')
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { value: 'two\nlines', tags: {} })
  })

  it('keeps every byte when it is told to', async () => {
    const { asked } = await run(['secret', 'set', 'db', '--raw'], { stdin: 'x\n', answers: set })
    assert.equal(JSON.parse(asked[0]?.body ?? '').value, 'x\n')
  })

  it('takes a value from a file, with all that can be said about it', async () => {
    const line = 'secret set db --file key.pem --content-type text/plain --tag a=1 --tag b=x=y --expires 2027-01-31'
    const { asked } = await run(line.split(' '), { files: { 'key.pem': 'PEM\n' }, answers: set })
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), {
      value: 'PEM',
      contentType: 'text/plain',
      tags: { a: '1', b: 'x=y' },
      attributes: { exp: Date.parse('2027-01-31') / 1000 },
    })
  })

  it('asks at a keyboard, and answers without the value', async () => {
    const around = { terminal: { in: true, out: true }, typed: 'hunter2', answers: set }
    const { out, err, asked } = await run(['secret', 'set', 'db', '--json'], around)
    assert.equal(JSON.parse(asked[0]?.body ?? '').value, 'hunter2')
    assert.deepEqual(JSON.parse(out), { name: 'db', version, id: `${vaultUrl}/secrets/db/${version}` })
    assert.doesNotMatch(out + err, /hunter2/)
  })

  for (const [what, words, around] of [
    ['an empty pipe', [], { stdin: '' }],
    ['what is not text', [], { stdin: Buffer.from([0xff, 0xfe]) }],
    ['a file that is not there', ['--file', 'none'], {}],
    ['a tag without a value', ['--tag', 'a'], { stdin: 'x' }],
    ['a time that is none', ['--expires', 'tomorrow'], { stdin: 'x' }],
  ] as const) {
    it(`refuses ${what}, and asks nobody`, async () => {
      const { exit, asked } = await run(['secret', 'set', 'db', ...words], { answers: set, ...around })
      assert.equal(exit, 2)
      assert.equal(asked.length, 0)
    })
  }
})

describe('secret show', () => {
  const answers: Answers = () => ({ body: { id: `${vaultUrl}/secrets/db/${version}`, value: 'välue', attributes } })

  it('prints the value and nothing else to a program', async () => {
    assert.equal((await run(['secret', 'show', 'db'], { answers })).out, 'välue')
  })

  it('ends the line in a terminal', async () => {
    assert.equal((await run(['secret', 'show', 'db'], { answers, terminal: { out: true } })).out, 'välue\n')
  })

  it('reads one version, of a vault by name or by URL', async () => {
    for (const vault of ['other', 'https://other.vault.cardea.internal/']) {
      const { asked } = await run(['secret', 'show', 'db', '--version', version, '--vault', vault], { answers })
      assert.equal(asked[0]?.url.host, 'other.vault.cardea.internal')
      assert.equal(asked[0]?.url.pathname, `/secrets/db/${version}`)
    }
  })

  it('is refused in the vault’s words', async () => {
    const forbidden: Answers = () => ({
      status: 403,
      body: { error: { code: 'Forbidden', message: 'Not you.\r\nCaller: x' } },
    })
    const { exit, out, err } = await run(['secret', 'show', 'db'], { answers: forbidden })
    assert.deepEqual([exit, out, err], [1, '', 'Not you.\n'])
  })
})

describe('secret list', () => {
  const item = (name: string, more: object) => ({
    id: `${vaultUrl}/secrets/${name}`,
    attributes: { ...attributes, ...more },
  })
  const answers: Answers = ({ url }) =>
    url.searchParams.has('$skiptoken')
      ? { body: { value: [item('z', { enabled: false, exp: nowSeconds - day })], nextLink: null } }
      : {
          body: {
            value: [item('long-name', { exp: nowSeconds + 3 * day })],
            nextLink: `${vaultUrl}/secrets?$skiptoken=2&api-version=7.4`,
          },
        }

  it('shows all pages in one table', async () => {
    const { out } = await run(['secret', 'list'], { answers })
    assert.equal(
      out,
      [
        'SECRET     STATE     UPDATED       EXPIRES    TYPE',
        'long-name  enabled   1 minute ago  in 3 days',
        'z          disabled  1 minute ago  1 day ago',
        '',
      ].join('\n'),
    )
  })

  it('gives programs the same', async () => {
    const secrets = JSON.parse((await run(['secret', 'list', '--json'], { answers })).out)
    assert.deepEqual(
      secrets.map(({ name, enabled }: { name: string; enabled: boolean }) => [name, enabled]),
      [
        ['long-name', true],
        ['z', false],
      ],
    )
  })

  it('has words for none', async () => {
    const { out } = await run(['secret', 'list'], { answers: () => ({ body: { value: [], nextLink: null } }) })
    assert.match(out, /no secrets in https:\/\/demo[\s\S]*cardea secret set/)
  })

  it('doesn’t carry its token to another host', async () => {
    const elsewhere: Answers = () => ({ body: { value: [], nextLink: 'https://evil.example/secrets' } })
    const { exit, err } = await run(['secret', 'list'], { answers: elsewhere })
    assert.equal(exit, 1)
    assert.match(err, /another host/)
  })
})
