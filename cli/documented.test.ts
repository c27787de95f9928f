import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '@cardea/server/testing/house'

/**
 * What the README and the guide say of settings, typed in a shell as it stands there, line after line, at a fresh house: a
 * command that is added to a page is run from then on, and has to work.
 */
const root = join(import.meta.dirname, '..')
const pages: Readonly<Record<string, string>> = {
  'README.md': sectionOf(textOf('README.md'), 'Settings'),
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
describe('what is said of settings', () => {
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
    const lines = blocksOf(text, 'sh').flatMap((block) => block.split('\n').filter((line) => line.trim() !== ''))
    it(`in ${page} works as it is typed there`, async () => {
      assert.ok(lines.length > 0)
      const [json] = blocksOf(text, 'json')
      const files = lines.flatMap((line) => line.match(/\b[\w-]+\.json\b/g) ?? [])
      if (json !== undefined) for (const file of files) writeFileSync(join(folder, file), json)
      let out = ''
      for (const line of lines) out = await done(await filledIn(line, out))
    })

    it(`in ${page} is typed where this test finds it`, () => {
      const elsewhere = text.replace(/^```sh\n.*?^```/gms, '')
      assert.doesNotMatch(elsewhere, /^\s*(?:[$#] )?(?:npx )?cardea /m)
    })
  }
})
