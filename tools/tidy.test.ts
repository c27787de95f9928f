import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { settingWords } from '@cardea/server/settings'
import { wasted } from './exports.ts'
import { manifestsIn, undeclared, unused } from './manifests.ts'
import {
  allImports,
  atWork,
  backward,
  foreignRows,
  homeless,
  type Import,
  importsOf,
  impure,
  isTest,
  loops,
  lostRules,
  openedLate,
  sourceFiles,
  trespassing,
  untested,
  upward,
} from './tidy.ts'

const root = join(import.meta.dirname, '..')
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')
const files = sourceFiles(root)
const all = allImports(root)
const imports = atWork(all)

describe('the house', () => {
  it('is read at all', () => {
    assert.ok(files.length > 80, `only ${files.length} files were found`)
    assert.ok(imports.length > 300, `only ${imports.length} imports were found`)
  })

  it('has imports that run down the floors', () => assert.deepEqual(upward(imports), []))

  it('has a place for every room of core, and rooms use only those after them', () => {
    assert.deepEqual(homeless(files), [])
    assert.deepEqual(backward(imports), [])
  })

  it('opens a room’s rows from that room alone', () => assert.deepEqual(foreignRows(imports), []))

  it('keeps its rules pure, and knows where each of them is', () => {
    assert.deepEqual(impure(imports), [])
    assert.deepEqual(lostRules(files), [])
  })

  it('is entered by its doors only', () => assert.deepEqual(trespassing(imports), []))

  it('declares for each package what it imports, and nothing else', () => {
    const manifests = manifestsIn(root)
    assert.deepEqual(undeclared(all, manifests), [])
    assert.deepEqual(unused(all, manifests), [])
  })

  it('gives nothing by name that nobody takes', () => {
    assert.deepEqual(wasted(files.map((file) => ({ file, text: textOf(file) }))), [])
  })

  it('has a test that bears the number of each promise', () => {
    assert.deepEqual(untested(textOf('SECURITY.md'), files.filter(isTest).map(textOf)), [])
  })

  it('opens what the tests of a file share before the first of them', () => {
    const tests = files.filter((file) => file.endsWith('.test.ts'))
    assert.deepEqual(openedLate(tests.map((file) => ({ file, text: textOf(file) }))), [])
  })

  it('has no import that leads back to where it began', () => assert.deepEqual(loops(imports), []))

  it('is silent about whose machine it was built on', () => {
    const told = files.filter((file) => /(^|["'\s(])\/(work|root|home)\//m.test(textOf(file)))
    assert.deepEqual(
      told.filter((file) => !file.startsWith('tools/tidy')),
      [],
    )
  })

  it('tells of every setting in the guide', () => {
    const guide = textOf('docs/guide/settings.md')
    assert.deepEqual(
      Object.keys(settingWords).filter((name) => !guide.includes(`\`${name}\``)),
      [],
    )
  })
})

describe('the checks above', () => {
  const planted = (file: string, line: string): Import[] => importsOf(file, `${line}\n`)

  it('find each planted fault', () => {
    assert.deepEqual(upward(planted('server/core/secrets/secrets.ts', "import { route } from '#planes/plane.ts'")), [
      'server/core/secrets/secrets.ts -> server/planes/plane.ts',
    ])
    assert.equal(upward(planted('server/base/seal.ts', "import { x } from '../planes/plane.ts'")).length, 1)
    assert.equal(
      backward(planted('server/core/events/events.ts', "import { x } from '#core/secrets/secrets.ts'")).length,
      1,
    )
    assert.equal(foreignRows(planted('server/main.ts', "import { x } from '#core/secrets/secret-rows.ts'")).length, 1)
    assert.equal(impure(planted('server/core/secrets/secret.ts', "import { x } from 'node:crypto'")).length, 1)
    assert.ok(lostRules([]).includes('server/core/secrets/secret.ts'))
    for (const [file, line] of [
      ['client/vault.ts', "import { x } from '@cardea/server/main'"],
      ['cli/doctor.ts', "  const { x } = await import('@cardea/server/core/audit/audit')"],
      ['cli/doctor.ts', "import type { X } from '../tools/servers/redis.ts'"],
      ['bench/house.ts', "import { start } from '@cardea/server/main'"],
      ['conformance/serve.ts', "import { x } from '@cardea/server/base/sql'"],
      ['server/workers/rotator.ts', "import { x } from '@cardea/providers/providers'"],
      ['tools/test.ts', "import { x } from '@cardea/contract/roles'"],
    ] as const) {
      assert.equal(trespassing(planted(file, line)).length, 1, `${file}: ${line}`)
    }
    const loop = [
      ...planted('server/base/a.ts', "import { b } from './b.ts'"),
      ...planted('server/base/b.ts', "export { a } from './a.ts'"),
    ]
    assert.deepEqual(loops(loop), ['server/base/a.ts -> server/base/b.ts -> server/base/a.ts'])
    const [open, test] = ['const house = await openHouse()\n', "describe('a house', () => {})\n"]
    for (const [text, late] of [
      [`${open}${test}`, false],
      [`${test}${open}`, true],
      [`${test}  ${open}`, false],
      [`before(async () => {})\n${test}`, true],
    ] as const) {
      assert.equal(openedLate([{ file: 'a.test.ts', text }]).length, late ? 1 : 0, text)
    }
    assert.equal(upward(planted('server/offline/x.ts', "import { start } from '../main.ts'")).length, 1)
    assert.equal(upward(planted('server/planes/x.ts', "import { x } from '../offline/verify-audit.ts'")).length, 1)
    const strays = ['server/core/attic/box.ts', 'server/porch.ts']
    assert.deepEqual(homeless(strays), strays)
    const security = '| P1 | One. |\n| P10 | Ten. |\n'
    assert.deepEqual(untested(security, ["it('keeps what P10 says', () => {}) // P1"]), ['P1'])
    assert.deepEqual(untested(security, ["describe('the first (P1)')", 'it(\n  `P10: all of it`,\n)']), [])
  })

  it('find what is imported and not declared, and what is declared and not imported', () => {
    const manifests = {
      client: { name: '@cardea/client', dependencies: { pg: '1' }, devDependencies: { '@cardea/contract': '*' } },
      contract: { name: '@cardea/contract' },
    }
    const line = "import { x } from '@cardea/contract/roles'"
    const ofType = line.replace('import', 'import type')
    assert.deepEqual(undeclared(planted('client/vault.ts', line), manifests), ['client/vault.ts -> @cardea/contract'])
    assert.deepEqual(undeclared(planted('client/vault.ts', ofType), manifests), [])
    assert.deepEqual(undeclared(planted('client/vault.test.ts', line), manifests), [])
    assert.deepEqual(undeclared(planted('client/vault.ts', "import x from 'pg/lib/x'"), manifests), [])
    assert.deepEqual(undeclared(planted('client/vault.ts', "import x from 'ajv'"), manifests), [
      'client/vault.ts -> ajv',
    ])
    assert.deepEqual(unused(planted('client/vault.ts', "import { x } from 'pg'"), manifests), [
      'client: @cardea/contract',
    ])
  })

  it('find what is given and taken by nobody, and see each way to take it', () => {
    const given = {
      file: 'server/base/a.ts',
      text: [
        ...['export const one = 1', 'export async function two() {}', 'export class Three {}'],
        ...['const four = 4', 'export { four, four as five }', 'export type Six = 6', 'const seven = 7'],
      ].join('\n'),
    }
    const all = ['one', 'two', 'Three', 'four', 'five'].map((name) => `server/base/a.ts: ${name}`)
    const by = (text: string, file = 'server/base/b.ts') => wasted([given, { file, text }])
    assert.deepEqual(by(''), all)
    assert.deepEqual(by("import { one as eins, type Three,\n  two } from './a.ts'"), all.slice(3))
    assert.deepEqual(by("export { four, one } from '@cardea/server/base/a'", 'client/index.ts'), [
      all[1],
      all[2],
      all[4],
    ])
    assert.deepEqual(by("import * as a from '@cardea/server/base/a'", 'cli/b.ts'), [])
    assert.deepEqual(by("  const { one } = await import('../server/base/a.ts')", 'cli/b.ts'), [])
    assert.deepEqual(wasted([{ ...given, file: 'client/index.ts' }]), [])
  })

  it('see imports that run over several lines, those for their effect alone, and those that happen later', () => {
    assert.equal(
      planted('server/base/a.ts', "import {\n  b,\n  c,\n} from '#planes/plane.ts'")[0]?.to,
      'server/planes/plane.ts',
    )
    assert.equal(planted('server/base/a.ts', "import './b.ts'")[0]?.to, 'server/base/b.ts')
    assert.equal(planted('server/base/a.ts', "  const b = await import('#planes/b.ts')")[0]?.to, 'server/planes/b.ts')
    assert.deepEqual(
      planted('cli/a.ts', "const b = createRequire(import.meta.url)('pg') as typeof import('pg')").map((one) => [
        one.to,
        one.typeOnly,
      ]),
      [['pg', true]],
    )
  })
})
