import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { settingWords } from '@cardea/server/settings'
import {
  allImports,
  backward,
  foreignRows,
  homeless,
  type Import,
  importsOf,
  impure,
  loops,
  sourceFiles,
  trespassing,
  upward,
} from './tidy.ts'

const root = join(import.meta.dirname, '..')
const files = sourceFiles(root)
const imports = allImports(root)

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

  it('keeps its rules pure', () => assert.deepEqual(impure(imports), []))

  it('meets the server from outside over HTTP only', () => assert.deepEqual(trespassing(imports), []))

  it('has no import that leads back to where it began', () => assert.deepEqual(loops(imports), []))

  it('is silent about whose machine it was built on', () => {
    const told = files.filter((file) => /(^|["'\s(])\/(work|root|home)\//m.test(readFileSync(join(root, file), 'utf8')))
    assert.deepEqual(
      told.filter((file) => !file.startsWith('tools/tidy')),
      [],
    )
  })

  it('tells of every setting in the guide', () => {
    const guide = readFileSync(join(root, 'docs/guide/settings.md'), 'utf8')
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
    assert.equal(trespassing(planted('client/vault.ts', "import { x } from '@cardea/server/main'")).length, 1)
    const loop = [
      ...planted('server/base/a.ts', "import { b } from './b.ts'"),
      ...planted('server/base/b.ts', "export { a } from './a.ts'"),
    ]
    assert.deepEqual(loops(loop), ['server/base/a.ts -> server/base/b.ts -> server/base/a.ts'])
    assert.deepEqual(homeless(['server/core/attic/box.ts']), ['server/core/attic/box.ts'])
  })

  it('see imports that run over several lines, and those for their effect alone', () => {
    assert.equal(
      planted('server/base/a.ts', "import {\n  b,\n  c,\n} from '#planes/plane.ts'")[0]?.to,
      'server/planes/plane.ts',
    )
    assert.equal(planted('server/base/a.ts', "import './b.ts'")[0]?.to, 'server/base/b.ts')
  })
})
