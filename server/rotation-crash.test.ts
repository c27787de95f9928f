import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Kind } from '@cardea/contract/rotation/provider'
import { silentLog } from '#base/log.ts'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { openRotating } from './testing/rotating.ts'

/**
 * The crash matrix of all kinds, in one process: the work on a rotation is torn off right before and right after each of
 * its steps, with nothing tidied up, and whoever takes it up again must bring it to a good end. A real process is killed
 * in `conformance/rotation-crash.test.ts`.
 */
class TornOff extends Error {}

describe('a rotation whose work is torn off', { concurrency: true }, () => {
  for (const kind of ['slots', 'single', 'set', 'minted'] satisfies Kind[]) {
    it(`comes to a good end, whatever the step (${kind})`, async (context) => {
      const far = new FakeFarSide(kind)
      const moments: string[] = []
      let tearAt = -1
      const onStep = (step: string, when: string) => {
        moments.push(`${when} ${step}`)
        if (moments.length - 1 === tearAt) throw new TornOff()
      }
      await using here = await openRotating({
        log: silentLog,
        // It is about what was torn off: no rotation here gives up because the machine had no time for it.
        rotation: { providers: new Map([['fake', far.provider]]), onStep, times: { giveUpMs: 120_000 } },
      })
      const current = async (): Promise<string> => (await here.get('db')).json.value
      const rotated = async (): Promise<string> => {
        moments.length = 0
        await here.rotate('db')
        return (await here.reaches('db', 'done', 'aborted', 'blocked')).state
      }
      await here.bind('db', { provider: 'fake', intervalSeconds: null, graceSeconds: 0 })
      await here.reaches('db', 'done')
      await rotated()
      const whole = moments.slice(0, moments.lastIndexOf('after done') + 1)
      assert.ok(whole.length > 20, whole.join())

      for (const [moment, what] of whole.entries()) {
        const old = await current()
        tearAt = moment
        assert.equal(await rotated(), 'done', what)
        tearAt = -1
        const now = await current()
        assert.notEqual(now, old, what)
        assert.deepEqual([...far.accepted.values()], [now], `torn off ${what}: nothing else may be accepted`)
      }
      const { rows } = await here.house.cardea.base.database.read.run(
        'select count(*) as versions, count(distinct rotation) as rotations from secret_version',
        [],
      )
      const { versions, rotations } = rows[0] as { versions: number; rotations: number }
      assert.equal(versions, rotations, 'one rotation, one version')
      context.diagnostic(`${whole.length} moments: ${[...new Set(whole)].join(', ')}`)
    })
  }
})
