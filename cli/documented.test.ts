import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '@cardea/server/testing/house'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { Client } from 'pg'
import { quoted } from './shell.ts'

/**
 * What the README says, and the guide of settings, typed in a shell as it stands there, line after line, at a fresh house: a
 * command that is added to a page is run from then on, and has to work.
 */
const root = join(import.meta.dirname, '..')
const [firstSecret = '', withAz = ''] = sectionOf(textOf('README.md'), 'A first secret within a minute').split(
  /^(?=And with `az`)/m,
)
const loop = sectionOf(textOf('README.md'), 'See the loop')
const pages: Readonly<Record<string, string>> = {
  'README.md, a first secret': firstSecret,
  'README.md, settings': sectionOf(textOf('README.md'), 'Settings'),
  'docs/guide/configuration.md': textOf('docs/guide/configuration.md'),
  'docs/guide/change-sets.md': textOf('docs/guide/change-sets.md'),
}

function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8')
}
function sectionOf(text: string, title: string): string {
  const section = text.split(/^(?=## )/m).find((part) => part.startsWith(`## ${title}\n`))
  assert.ok(section, `there is no section ${title}`)
  return section
}
const blocksOf = (text: string, kind: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block)

/** What the house stands for, and what has a test of its own. */
const elsewhere = /^(?:npm ci && npm start|npm run demo)$/
const linesOf = (text: string): string[] =>
  blocksOf(text, 'sh').flatMap((block) =>
    block.split('\n').filter((line) => line.trim() !== '' && !elsewhere.test(line)),
  )

/** What Debian 12's az says where it lacks a module, or finds a later one than it was made for; so it says to Azure, too. */
const lacking: readonly (readonly [line: string, says: RegExp])[] = [
  ['az role assignment create', /AttributeError: 'RoleAssignmentsOperations' object has no attribute 'config'/],
  ['az keyvault secret set', /ModuleNotFoundError: No module named 'azure\.keyvault\.v7_0'/],
]

/** A shell that has typed this reaches Cardea, and looks nowhere else for an identity: without one it types no more. */
const reaching = `eval "$(npx cardea env)"; : "\${AZURE_POD_IDENTITY_AUTHORITY_HOST:?is missing}"`

/** A house in a folder, where a shell finds `cardea` and `npx cardea` and no other Cardea. */
describe('what is said', () => {
  let folder: string
  let house: House
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cardea-documented-'))
    house = await openHouse({ data: join(folder, '.cardea') })
    mkdirSync(join(folder, 'bin'))
    const command = `exec ${process.execPath} ${join(root, 'cli/cardea.js')} "$@"`
    for (const [name, script] of Object.entries({ cardea: command, npx: `shift\n${command}` })) {
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`)
      chmodSync(join(folder, 'bin', name), 0o755)
    }
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const typed = (line: string): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
    new Promise((resolve) => {
      const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, HOME: folder, AZURE_CORE_COLLECT_TELEMETRY: 'no' }
      execFile('/bin/sh', ['-c', line], { cwd: folder, env, timeout: 60_000 }, (error, out, err) =>
        // Who was ended, because it took too long, has no code.
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
      )
    })
  async function done(line: string): Promise<string> {
    const { code, out, err } = await typed(line)
    assert.equal(code, 0, `$ ${line}\n${out}${err}`)
    return out
  }

  /** What stands for something that an earlier line said: the basis of a plan, and the change set that is meant. */
  async function filledIn(line: string, before: string): Promise<string> {
    const basis = /^basis (\S+)$/m.exec(before)?.[1]
    if (!/\bID\b/.test(line)) return line.replace(/\bBASIS\b/, basis ?? 'BASIS')
    const state = line.includes(' cancel ') ? 'waiting' : 'applied'
    const sets = JSON.parse(await done('cardea changeset list --json')) as { id: string; state: string }[]
    return line.replace(/\bID\b/, sets.find((one) => one.state === state)?.id ?? 'ID')
  }

  for (const [page, text] of Object.entries(pages)) {
    it(`in ${page} works as it is typed there`, async () => {
      const lines = linesOf(text)
      assert.ok(lines.length > 0)
      const [json] = blocksOf(text, 'json')
      const files = lines.flatMap((line) => line.match(/\b[\w-]+\.json\b/g) ?? [])
      if (json !== undefined) for (const file of files) writeFileSync(join(folder, file), json)
      let out = ''
      for (const line of lines) out = await done(await filledIn(line, out))
    })
  }
  for (const [page, text] of Object.entries({ ...pages, 'README.md, az': withAz, 'README.md, the loop': loop })) {
    it(`in ${page} is typed where this test finds it`, () => {
      const prose = text.replace(/^```sh\n.*?^```/gms, '')
      assert.doesNotMatch(prose, /^\s*(?:[$#] )?(?:(?:npx )?cardea|az) /m)
    })
  }

  const python = needs('Debian’s python3-azure', () =>
    existsSync('/usr/lib/python3/dist-packages/azure/keyvault/secrets') ? '/usr/bin/python3' : undefined,
  )
  for (const [language, program, skip] of [
    ['js', `${process.execPath} --input-type=module --eval`, false],
    ['python', `${python.found} -c`, python.skip],
  ] as const) {
    it(`in README.md the first secret is read by the program in ${language} as it is printed`, { skip }, async () => {
      const [text = '', ...more] = blocksOf(firstSecret, language)
      assert.deepEqual(more, [])
      await done('printf s3cret | npx cardea secret set my-secret')
      assert.equal(await done(`${reaching}; cd ${root}; ${program} ${quoted(text)}`), 's3cret\n')
    })
  }

  const az = needs('Debian’s azure-cli', () => (existsSync('/usr/bin/az') ? '/usr/bin/az' : undefined))
  it('in README.md is typed at az as it stands there, but for what Debian 12’s az lacks', {
    skip: az.skip,
  }, async () => {
    const lines = linesOf(withAz)
    assert.equal(lines.filter((line) => line.startsWith('az ')).length, 5)
    for (const line of lines) {
      const { code, out, err } = await typed(`${reaching}; ${line}`)
      const lack = lacking.find(([start]) => line.startsWith(`${start} `))?.[1]
      if (code !== 0 && lack !== undefined) assert.match(err, lack)
      else assert.equal(code, 0, `$ ${line}\n${out}${err}`)
    }
    assert.equal(await done('npx cardea secret show api-key --vault myvault'), 's3cret')
  })

  const postgres = needs('PostgreSQL', findPostgres)
  it('in README.md the loop rotates a database’s password, and its program follows', {
    skip: postgres.skip,
  }, async () => {
    await using server = await startPostgres({ database: 'orders' })
    const text = loop
      .replace('postgresql://admin:…@db.example.org/orders', server.url())
      .replace('"host": "db.example.org", "port": 5432', `"host": "${server.host}", "port": ${server.port}`)
    assert.doesNotMatch(text, /db\.example\.org/)
    const [owner = '', rotate = '', unbind = ''] = ['create role', 'npx cardea rotate', 'npx cardea rotation'].map(
      (start) => new RegExp(`\`(${start} [^\`]*)\``).exec(text)?.[1],
    )
    await asRoot(server.url(), owner)
    writeFileSync(join(folder, 'binding.json'), blocksOf(text, 'json')[0] ?? '')
    for (const line of linesOf(text)) await done(line)

    // As whoever tries it would go on: who is the program there, and who when a rotation has come to its end beside it?
    const program = `${blocksOf(text, 'js')[0]}
      import { execFile } from 'node:child_process'
      import { promisify } from 'node:util'
      const tellUser = async () => console.log((await pool.query('select session_user as name')).rows[0].name)
      await tellUser()
      await promisify(execFile)('/bin/sh', ['-c', ${JSON.stringify(rotate)}])
      await tellUser()
      process.exit()`
    const node = `${process.execPath} --input-type=module --eval`
    assert.equal(await done(`${reaching}; cd ${root}; ${node} ${quoted(program)}`), 'orders_a\norders_b\n')
    await done(unbind)
  })
})

async function asRoot(url: string, statement: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  await client.query(statement).finally(() => client.end())
}
