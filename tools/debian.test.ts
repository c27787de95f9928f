import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type Machine, toInstall } from './debian.ts'

const bare: Machine = { has: (path) => path === '/etc/debian_version', isRoot: true, env: {} }

describe('before the tests', () => {
  it('everything that they start is installed as root on Debian, as CONTRIBUTING.md tells', () => {
    const told = readFileSync(new URL('../CONTRIBUTING.md', import.meta.url), 'utf8')
    assert.ok(toInstall(bare).length > 0)
    assert.deepEqual(
      toInstall(bare).filter((name) => !told.includes(`\`${name}\``)),
      [],
    )
  })

  it('only what is missing is installed', () => {
    const has = (path: string) => path !== '/usr/bin/redis-server'
    assert.deepEqual(toInstall({ ...bare, has }), ['redis-server'])
    assert.deepEqual(toInstall({ ...bare, has: () => true }), [])
  })

  it('nothing is installed where somebody declines, is not root, or runs another system', () => {
    for (const other of [{ env: { INSTALL: 'no' } }, { isRoot: false }, { has: () => false }]) {
      assert.deepEqual(toInstall({ ...bare, ...other }), [])
    }
  })
})
