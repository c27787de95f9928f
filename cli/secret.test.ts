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

describe('who may not', () => {
  const action = 'Microsoft.KeyVault/vaults/secrets/getSecret/action'
  const resource = '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/demo/secrets/db'
  const asked = (by: string) => `Why, for who may ask: cardea access explain ${by} ${action} ${resource}\n`

  it('is told what for and on what, and how to find out why', async () => {
    const message = [
      'Caller is not authorized to perform action on resource.',
      'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
      'Caller: appid=app;oid=00000000-0000-0000-0000-000000000001;iss=https://login.cardea.internal/t',
      ...[`Action: '${action}'`, `Resource: '${resource}'`, 'Assignment: (not found)', 'Vault: demo;location=local'],
    ].join('\r\n')
    const answers: Answers = () => ({ status: 403, body: { error: { code: 'Forbidden', message } } })
    const { exit, err } = await run(['secret', 'show', 'db'], { answers })
    assert.equal(exit, 1)
    assert.equal(
      err,
      `Caller is not authorized to perform action on resource.\nAction: '${action}'\nResource: '${resource}'\n${asked('00000000-0000-0000-0000-000000000001')}`,
    )
  })

  it('is told the same by the management host', async () => {
    const message = `The client 'app' with object id 'o-1' does not have authorization to perform action '${action}' over scope '${resource}' or the scope is invalid.`
    const answers: Answers = () => ({ status: 403, body: { error: { code: 'AuthorizationFailed', message } } })
    const { err } = await run(['vault', 'list'], { answers })
    assert.equal(err, `${message}\n${asked('o-1')}`)
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

describe('a secret’s end', () => {
  const deleted: Answers = () => ({
    body: { id: `${vaultUrl}/secrets/db`, attributes, deletedDate: nowSeconds, scheduledPurgeDate: nowSeconds + day },
  })

  it('is deleted until its purge, and told how to come back', async () => {
    const { exit, out, asked } = await run(['secret', 'delete', 'db'], { answers: deleted })
    assert.equal(exit, 0)
    assert.deepEqual([asked[0]?.method, asked[0]?.url.pathname], ['DELETE', '/secrets/db'])
    assert.match(out, /purged in 1 day\n.*cardea secret recover db/)
  })

  it('is recovered', async () => {
    const { exit, asked } = await run(['secret', 'recover', 'db'], { answers: deleted })
    assert.equal(exit, 0)
    assert.deepEqual([asked[0]?.method, asked[0]?.url.pathname], ['POST', '/deletedsecrets/db/recover'])
  })

  it('is purged when that was said twice', async () => {
    const answers: Answers = () => ({ status: 204 })
    const unasked = await run(['secret', 'purge', 'db'], { answers })
    assert.deepEqual([unasked.exit, unasked.asked.length], [2, 0])
    assert.match(unasked.err, /final[\s\S]*--yes/)
    const mistyped = await run(['secret', 'purge', 'db'], { answers, terminal: { in: true }, typed: 'da' })
    assert.deepEqual([mistyped.exit, mistyped.asked.length], [1, 0])
    for (const [words, around] of [
      [['--yes'], {}],
      [[], { terminal: { in: true }, typed: 'db' }],
    ] as const) {
      const { exit, asked } = await run(['secret', 'purge', 'db', ...words], { answers, ...around })
      assert.equal(exit, 0)
      assert.deepEqual([asked[0]?.method, asked[0]?.url.pathname], ['DELETE', '/deletedsecrets/db'])
    }
  })
})

it('secret versions lists the newest first, without values', async () => {
  const item = (id: string, created: number) => ({
    id: `${vaultUrl}/secrets/db/${id}`,
    attributes: { ...attributes, created },
  })
  const answers: Answers = () => ({
    body: { value: [item('a', nowSeconds - day), item('b', nowSeconds)], nextLink: null },
  })
  const { out } = await run(['secret', 'versions', 'db'], { answers })
  assert.match(out, /^VERSION .*\nb .*\na .* 1 day ago/)
})

describe('secret edit', () => {
  /** A secret's versions, each with a tag that is its own, and when they were made. */
  const versions =
    (made: Readonly<Record<string, number>>, latest: string): Answers =>
    ({ method, url, given }) => {
      if (method === 'PATCH') return { body: { id: `${vaultUrl}${url.pathname}${latest}`, ...given, attributes } }
      const [, , name, list] = url.pathname.split('/')
      if (list === 'versions') {
        const value = Object.entries(made).map(([id, created]) => ({
          id: `${vaultUrl}/secrets/${name}/${id}`,
          attributes: { ...attributes, created },
          tags: { of: id },
        }))
        return { body: { value, nextLink: null } }
      }
      const more = url.searchParams.has('$skiptoken')
      const item = { id: `${vaultUrl}/secrets/${more ? 'Db' : 'a'}`, attributes, tags: { of: more ? latest : 'a' } }
      return { body: { value: [item], nextLink: `${vaultUrl}/secrets?$skiptoken=x` } }
    }
  const tagsAfter = async (made: Readonly<Record<string, number>>, ...words: string[]) => {
    const { exit, asked } = await run(['secret', 'edit', 'db', ...words], { answers: versions(made, 'b') })
    assert.equal(exit, 0)
    return JSON.parse(asked.at(-1)?.body ?? '').tags
  }

  it('keeps the tags of the latest version, or of the one that is named', async () => {
    const made = { a: nowSeconds - day, b: nowSeconds }
    assert.deepEqual(await tagsAfter(made, '--tag', 'team=x'), { of: 'b', team: 'x' })
    assert.deepEqual(await tagsAfter(made, '--tag', 'team=x', '--remove-tag', 'of'), { team: 'x' })
  })

  it('knows the latest also of two that were made in one second', async () => {
    assert.deepEqual(await tagsAfter({ a: nowSeconds, b: nowSeconds }, '--tag', 'team=x'), { of: 'b', team: 'x' })
  })
})

describe('what is missing', () => {
  const said =
    (code: string): Answers =>
    () => ({ status: 404, body: { error: { code, message: 'Azure’s text' } } })

  for (const [words, code, expected] of [
    ['secret show db', 'SecretNotFound', `There is no secret db in ${vaultUrl}.\nSee: cardea secret list\n`],
    ['secret list', 'VaultNotFound', `There is no vault ${vaultUrl}.\nLook at --vault, or AZURE_KEYVAULT_URL.\n`],
  ] as const) {
    it(`is named: ${code}`, async () => {
      const { exit, err } = await run(words.split(' '), { answers: said(code) })
      assert.deepEqual([exit, err], [1, expected])
    })
  }

  for (const line of ['secret show', 'secret set', 'secret delete', 'rotate', 'rotation bind', 'setting show']) {
    it(`no name and no way out of its place is a name to ${line}`, async () => {
      for (const name of ['', '.', '..']) {
        const { exit, err, asked } = await run([...line.split(' '), name], { stdin: 'x' })
        assert.deepEqual([exit, asked.length], [2, 0])
        assert.match(err, /^(NAME|KEY) must be /)
      }
    })
  }
})
