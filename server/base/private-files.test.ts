import assert from 'node:assert/strict'
import fs, { readFileSync, readlinkSync } from 'node:fs'
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, mock } from 'node:test'
import { writeFirst, writePrivate } from './private-files.ts'

/** A folder, and what was brought down to the disk while something was done in it. */
async function folder() {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'cardea-private-')))
  return {
    path,
    synchronised(work: () => void): string[] {
      const { fsyncSync } = fs
      const seen: string[] = []
      const watched = mock.method(fs, 'fsyncSync', (descriptor: number) => {
        seen.push(readlinkSync(`/proc/self/fd/${descriptor}`))
        fsyncSync(descriptor)
      })
      syncBuiltinESMExports()
      try {
        work()
      } finally {
        watched.mock.restore()
        syncBuiltinESMExports()
      }
      return seen
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** As on a file system that has no links (SMB). */
function withoutLinks(work: () => void): void {
  const none = mock.method(fs, 'linkSync', () => {
    throw Object.assign(new Error('no links here'), { code: 'EPERM' })
  })
  syncBuiltinESMExports()
  try {
    work()
  } finally {
    none.mock.restore()
    syncBuiltinESMExports()
  }
}

describe('a private file', () => {
  it('has its name on the disk when it is written, and not only its text', async () => {
    await using here = await folder()
    const file = join(here.path, 'key')
    assert.equal(here.synchronised(() => writeFirst(file, 'first')).at(-1), here.path)
    assert.equal(here.synchronised(() => writePrivate(file, 'second')).at(-1), here.path)
    assert.equal(readFileSync(file, 'utf8'), 'second')
    assert.deepEqual(await readdir(here.path), ['key'])
  })

  it('keeps its first text, also where there are no links', async () => {
    await using here = await folder()
    for (const name of ['linked', 'copied']) {
      const file = join(here.path, name)
      const write = (text: string) => () => writeFirst(file, text)
      const twice = () => {
        const seen = here.synchronised(write('first'))
        if (name === 'copied') assert.ok(seen.includes(file), 'the copy itself is brought down to the disk')
        write('second')()
      }
      if (name === 'copied') withoutLinks(twice)
      else twice()
      assert.equal(readFileSync(file, 'utf8'), 'first')
    }
    assert.deepEqual((await readdir(here.path)).sort(), ['copied', 'linked'])
  })
})
