import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { onBothEngines } from './testing/engines.ts'
import { openRotatingKeys } from './testing/rotating-keys.ts'

const day = 86_400_000
const program = join(import.meta.dirname, 'testing', 'dying-house.ts')

onBothEngines((keep) => {
  for (const when of ['before', 'after']) {
    it(`leaves a key whole when it is killed right ${when} its next one is made, and makes that when it is back`, async () => {
      await using kept = await keep()
      const data = await mkdtemp(join(tmpdir(), 'cardea-dying-'))
      try {
        {
          await using here = await openRotatingKeys({ data, env: kept.env })
          await here.create('whole', { tags: { of: 'mine' } })
          await here.policy('whole', { expiryTime: 'P1Y', rotate: { timeAfterCreate: 'P10D' } })
        }
        const env = { PATH: process.env.PATH ?? '', ...kept.env }
        const dying = spawn(process.execPath, [program, data, String(11 * day), when], { env, stdio: 'ignore' })
        assert.deepEqual(await once(dying, 'exit'), [null, 'SIGKILL'])
        await using here = await openRotatingKeys({ data, env: kept.env })
        assert.equal((await here.versions('whole')).length, 1)
        assert.equal((await here.done('GET', '/keys/whole/rotationpolicy')).attributes.expiryTime, 'P1Y')
        await here.leapTo(here.now() + 12 * day)
        const { tags, attributes } = await here.reaches('whole', 2)
        assert.deepEqual(tags, { of: 'mine' })
        assert.ok(attributes.exp > attributes.created)
        await here.rests()
        assert.equal((await here.versions('whole')).length, 2)
        const deeds = (await here.house.deeds()).filter(({ operation }) => operation === 'KeyRotateIfDue')
        assert.deepEqual(
          deeds.map(({ outcome }) => outcome),
          ['done'],
        )
      } finally {
        await rm(data, { recursive: true, force: true })
      }
    })
  }
})
