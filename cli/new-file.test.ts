import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Refusal } from './command.ts'
import { intoNewFile } from './new-file.ts'
import { ownWorld } from './world.ts'

describe('a file that a command writes', () => {
  const world = ownWorld()
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cardea-file-'))
    path = join(folder, 'log')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('has its name once it is whole, and is its owner’s alone', async () => {
    const length = await intoNewFile(world, path, (write) => {
      write('one\n')
      assert.ok(!readdirSync(folder).includes('log'))
      write('two\n')
      return 2
    })
    assert.equal(length, 2)
    assert.deepEqual(readdirSync(folder), ['log'])
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('isn’t there where the work fails', async () => {
    const torn = intoNewFile(world, path, async (write) => {
      write('one\n')
      throw new Refusal('throttled', 'Too much.')
    })
    await assert.rejects(torn, /Too much/)
    assert.deepEqual(readdirSync(folder), [])
  })

  it('leaves one of its name as it is, also one that comes meanwhile', async () => {
    writeFileSync(path, 'mine')
    await assert.rejects(
      intoNewFile(world, path, () => assert.fail('it works in vain')),
      /log is there already/,
    )
    rmSync(path)
    await assert.rejects(
      intoNewFile(world, path, () => writeFileSync(path, 'mine')),
      /log is there already/,
    )
    assert.equal(readFileSync(path, 'utf8'), 'mine')
    assert.deepEqual(readdirSync(folder), ['log'])
  })

  it('is refused with the reason where it can’t be', async () => {
    await assert.rejects(
      intoNewFile(world, join(folder, 'none', 'log'), () => {}),
      /can't be written \(ENOENT\)/,
    )
  })
})
