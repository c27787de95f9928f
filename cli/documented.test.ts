import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { quoted } from './shell.ts'

/**
 * What the README says, and the guide of settings, typed in a shell as it stands there, line after line, at a fresh house: a
 * command that is added to a page is run from then on, and has to work.
 */
const root = join(import.meta.dirname, '..')
const firstSecret = sectionOf(textOf('README.md'), 'A first secret within a minute')
const pages: Readonly<Record<string, string>> = {
  'README.md, a first secret': firstSecret,
  // Whoever types it has a database there; this machine answers at once that it has none.
  'README.md, the loop': sectionOf(textOf('README.md'), 'See the loop').replaceAll('db.example.org', '127.0.0.1'),
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

/** A house in a folder, where a shell finds `cardea` and `npx cardea` and no other Cardea. */
/** What the house stands for, what has a test of its own, and what conformance drives. */
const elsewhere = /^(?:npm ci && npm start|npm run demo|az .*)$/

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
      const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, HOME: folder }
      execFile('/bin/sh', ['-c', line], { cwd: folder, env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
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
    const all = blocksOf(text, 'sh').flatMap((block) => block.split('\n').filter((line) => line.trim() !== ''))
    const lines = all.filter((line) => !elsewhere.test(line))
    it(`in ${page} works as it is typed there`, async () => {
      assert.ok(lines.length > 0)
      const [json] = blocksOf(text, 'json')
      const files = lines.flatMap((line) => line.match(/\b[\w-]+\.json\b/g) ?? [])
      if (json !== undefined) for (const file of files) writeFileSync(join(folder, file), json)
      let out = ''
      for (const line of lines) out = await done(await filledIn(line, out))
    })

    it(`in ${page} is typed where this test finds it`, () => {
      const prose = text.replace(/^```sh\n.*?^```/gms, '')
      assert.doesNotMatch(prose, /^\s*(?:[$#] )?(?:npx )?cardea /m)
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
      assert.equal(await done(`eval "$(npx cardea env)"; cd ${root}; ${program} ${quoted(text)}`), 's3cret\n')
    })
  }
})
