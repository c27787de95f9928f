import assert from 'node:assert/strict'
import { getPriority } from 'node:os'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Fault } from './fault.ts'
import type { OddJobs } from './testing/odd-jobs.ts'
import { type LineOptions, WorkerLine } from './worker-line.ts'

const file = new URL('./testing/odd-jobs.ts', import.meta.url)

function opened(t: TestContext, options: Partial<LineOptions> = {}): WorkerLine<OddJobs> {
  const line = new WorkerLine<OddJobs>({ file, about: 'odd jobs', waitingMax: 8, ...options })
  t.after(() => line.close())
  return line
}

const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof Fault, `not a fault: ${inspect(outcome)}`)
  return outcome
}

describe('work in a thread of its own', () => {
  it('is answered, each as it was asked', async (t) => {
    const line = opened(t)
    const answers = await Promise.all([1, 2, 3, 4].map((number) => line.ask('double', { number })))
    assert.deepEqual(answers, [2, 4, 6, 8])
  })

  it('takes copies of bytes and nothing else of their pool', async (t) => {
    const line = opened(t)
    const bytes = Buffer.from('abc')
    const { reversed, bufferBytes } = await line.ask('reversed', { bytes })
    assert.equal(Buffer.from(reversed).toString(), 'cba')
    assert.equal(bufferBytes, 3)
    assert.equal(bytes.toString(), 'abc', 'the asker’s own bytes are left alone')
  })

  it('wipes what it was handed when it is done', async (t) => {
    const line = opened(t)
    await line.ask('keep', { bytes: Buffer.from('secret') })
    assert.deepEqual(await line.ask('kept', undefined), [0, 0, 0, 0, 0, 0])
  })

  it('doesn’t hold the event loop up, gives way to everything else, and knows nothing of the environment', async (t) => {
    const line = opened(t)
    const before = getPriority()
    const blocked = line.ask('block', { ms: 400 })
    const since = performance.now()
    await delay(20)
    assert.ok(performance.now() - since < 300)
    await blocked
    if (process.platform === 'linux') assert.equal(await line.ask('priority', undefined), 10)
    assert.equal(getPriority(), before)
    assert.deepEqual(await line.ask('environment', undefined), [])
  })

  it('fails with the thread’s faults, word by word', async (t) => {
    const fault = await faultOf(opened(t).ask('refuse', undefined))
    assert.deepEqual(
      [fault.code, fault.message, fault.particulars],
      ['conflict', 'This is refused.', { where: 'here' }],
    )
  })

  it('tells nothing of errors that nobody foresaw but their code', async (t) => {
    const fault = await faultOf(opened(t).ask('stumble', { over: 'a private key' }))
    assert.equal(fault.code, 'internal')
    assert.match(inspect(fault), /odd jobs failed: ERR_STUMBLED/)
    assert.doesNotMatch(inspect(fault, { depth: 9 }), /private key/)
  })

  it('is refused when too much waits, and welcome again afterwards', async (t) => {
    const line = opened(t, { waitingMax: 3 })
    const waiting = [
      line.ask('block', { ms: 100 }),
      line.ask('double', { number: 1 }),
      line.ask('double', { number: 2 }),
    ]
    const fault = await faultOf(line.ask('double', { number: 3 }))
    assert.equal(fault.code, 'throttled')
    assert.equal(fault.particulars.retryMs, '1000')
    assert.deepEqual(await Promise.all(waiting), [undefined, 2, 4])
    assert.equal(await line.ask('double', { number: 3 }), 6)
  })

  for (const [how, dying] of [
    ['throws where nobody catches', (line: WorkerLine<OddJobs>) => line.ask('die', { saying: 'a private key' })],
    ['exits', (line: WorkerLine<OddJobs>) => line.ask('leave', undefined)],
  ] as const) {
    it(`fails everyone who waited for a thread that ${how}, and goes on with another`, async (t) => {
      const line = opened(t)
      const blocked = line.ask('block', { ms: 50 })
      const work = [dying(line), line.ask('block', { ms: 50 })]
      await blocked
      // Whoever stands behind the dying one may still be served by it; nobody is left without an answer.
      const [died] = await Promise.allSettled(work)
      assert.equal(died?.status, 'rejected')
      const fault = await faultOf(work[0] as Promise<unknown>)
      assert.equal(fault.code, 'unavailable')
      assert.doesNotMatch(inspect(fault, { depth: 9 }), /private key/)
      assert.equal(await line.ask('double', { number: 21 }), 42)
    })
  }

  it('fails when there is no such thread to begin', async (t) => {
    const line = opened(t, { file: new URL('./testing/nobody.ts', import.meta.url) })
    assert.equal((await faultOf(line.ask('double', { number: 1 }))).code, 'unavailable')
    assert.equal((await faultOf(line.ask('double', { number: 1 }))).code, 'unavailable')
  })

  it('is cut off by closing, and refused from then on', async (t) => {
    const line = opened(t)
    await line.ask('double', { number: 1 })
    const work = [line.ask('block', { ms: 60_000 }), line.ask('double', { number: 2 })]
    const faults = Promise.all(work.map(faultOf))
    const since = performance.now()
    await line.close()
    assert.ok(performance.now() - since < 10_000, 'closing waited for the work')
    assert.deepEqual(
      (await faults).map(({ code }) => code),
      ['unavailable', 'unavailable'],
    )
    assert.equal((await faultOf(line.ask('double', { number: 3 }))).code, 'unavailable')
    await line.close()
  })

  it('ends its thread when it has rested for a while, and begins another at need', async (t) => {
    const line = opened(t, { idleMs: 30 })
    await line.ask('keep', { bytes: Buffer.from('remembered') })
    await delay(200)
    assert.deepEqual(await line.ask('kept', undefined), [])
  })
})
