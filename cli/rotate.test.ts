import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RotationState, RotationView } from '@cardea/contract/cardea/rotations'
import { type Answers, run } from './testing/world.ts'

const [old, fresh] = ['0'.repeat(32), 'f'.repeat(32)]
const nowSeconds = 1_700_000_000

const view = (id: string, state: RotationState, more: Partial<RotationView['rotation']> = {}): RotationView => ({
  secret: 'db',
  provider: 'postgres',
  binding: {},
  intervalSeconds: 90 * 86_400,
  graceSeconds: 3_600,
  scrub: true,
  schedule: null,
  due: nowSeconds + 86_400,
  rotation: {
    id,
    state,
    reason: 'on-demand',
    attempt: 1,
    started: nowSeconds,
    entered: nowSeconds,
    version: null,
    published: null,
    graceUntil: null,
    lastError: null,
    ...more,
  },
  consumers: [
    { instance: 'orders-2', application: 'orders', version: old, seen: nowSeconds - 5 },
    { instance: 'orders-1', application: 'orders', version: fresh, seen: nowSeconds - 1 },
  ],
})

/** Answers each look with the next view, and stays with the last. */
const passing = (...views: RotationView[]): Answers => {
  const left = [...views]
  return () => ({ body: left.length > 1 ? left.shift() : left[0] })
}

describe('rotate', () => {
  it('tells of each state once, and whom it waits for', async () => {
    const answers = passing(
      view('1', 'done'),
      view('1', 'done'), // The answer to the command: what is due hasn't begun yet.
      view('2', 'applying'),
      view('2', 'applying'),
      view('2', 'grace', { version: fresh }),
      view('2', 'done', { version: fresh }),
    )
    const { exit, out, asked } = await run(['rotate', 'db'], { answers })
    assert.equal(exit, 0)
    assert.deepEqual(asked.map(({ method }) => method).slice(0, 3), ['GET', 'POST', 'GET'])
    const lines = out.trimEnd().split('\n')
    assert.equal(lines.length, 3)
    assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} {2}applying +the target is told of it$/)
    assert.match(lines[1] ?? '', /grace .*version ffffffff; waiting for orders-2/)
    assert.match(lines[2] ?? '', /done +only the new one is accepted/)
  })

  for (const state of ['blocked', 'aborted'] as const) {
    it(`fails when it is ${state}, with the reason and what to do`, async () => {
      const answers = passing(view('1', 'done'), view('2', state, { lastError: 'the far side is gone' }))
      const { exit, err } = await run(['rotate', 'db'], { answers })
      assert.equal(exit, 1)
      assert.match(err, /the far side is gone\n.*cardea rotat\w+ (settle )?db/)
    })
  }

  it('joins a rotation that is open already', async () => {
    const { exit } = await run(['rotate', 'db'], {
      answers: passing(view('1', 'grace'), view('1', 'grace'), view('1', 'done')),
    })
    assert.equal(exit, 0)
  })

  it('ends with the publication where only time can tell', async () => {
    const grace = { ...view('2', 'grace', { version: fresh, graceUntil: nowSeconds + 86_400 }), consumers: [] }
    const { exit, out } = await run(['rotate', 'db'], { answers: passing(view('1', 'done'), grace) })
    assert.equal(exit, 0)
    assert.match(out, /published as ffffffff; no program says what it runs on, so the old one goes in 1 day\n$/)
  })

  it('tells of each failed attempt once, and gives up after five of them', async () => {
    const failed = (attempt: number) => view('2', 'applying', { attempt, lastError: 'no route to db.internal' })
    const first = view('2', 'applying', { attempt: 0 })
    const answers = passing(view('1', 'done'), first, ...[1, 1, 2, 3, 4, 5, 6].map(failed))
    const { exit, out, err } = await run(['rotate', 'db'], { answers })
    assert.equal(exit, 1)
    const attempts = [...out.matchAll(/attempt (\d) failed: no route to db\.internal/g)].map(([, attempt]) => attempt)
    assert.deepEqual(attempts, ['1', '2', '3', '4', '5'])
    assert.match(err, /has failed 5 times here: no route to db\.internal\nThe rotation goes on by itself; see: cardea/)
    assert.match(err, /to give up: cardea rotation unbind db/)
  })

  it('gives up where nothing moves before the publication', async () => {
    const { exit, err } = await run(['rotate', 'db'], { answers: passing(view('1', 'done'), view('2', 'applying')) })
    assert.equal(exit, 1)
    assert.match(err, /applying for 60 seconds \(the target is told of it\), and no reason is known/)
  })

  it('says at Ctrl-C that the rotation goes on', async () => {
    const answers = passing(view('1', 'done'), view('2', 'grace', { version: fresh, published: nowSeconds }))
    const { exit, err } = await run(['rotate', 'db'], { answers, stopsAfterMs: 200_000 })
    assert.equal(exit, 1)
    assert.match(err, /The rotation of db goes on\.\nSee: cardea rotation show db/)
  })

  it('looks often while something moves, and every two seconds where nothing does', async () => {
    const left = Array.from({ length: 100 }, (_, at) => view('2', 'grace', { version: fresh, attempt: at }))
    const moving = passing(view('1', 'done'), ...left, view('2', 'done', { version: fresh }))
    const hurried = await run(['rotate', 'db'], { answers: moving, stopsAfterMs: 10_000 })
    assert.equal(hurried.exit, 0)
    const straggling = view('2', 'grace', { version: fresh, published: nowSeconds, graceUntil: nowSeconds + 86_400 })
    let looks = 0
    const answers: Answers = () => {
      looks += 1
      // Being seen is no change: a program that still runs on the old one says so every few seconds.
      const consumers = straggling.consumers.map((one) => ({ ...one, seen: one.seen + looks }))
      return { body: looks <= 2 ? view('1', 'done') : { ...straggling, consumers } }
    }
    await run(['rotate', 'db'], { answers, stopsAfterMs: 600_000 })
    assert.ok(looks < 330, `${looks} looks in ten minutes`)
  })

  it('makes haste in an emergency', async () => {
    const answers = passing(view('1', 'done'), view('2', 'done', { version: fresh }))
    const { exit, asked } = await run(['rotate', 'db', '--emergency'], { answers })
    assert.equal(exit, 0)
    assert.match(String(asked.find(({ method }) => method === 'POST')?.url), /\/secrets\/db\/rotate\/emergency\?/)
  })

  it('is led out of a block in one of three ways', async () => {
    for (const way of ['retry', 'accept', 'abandon']) {
      const { exit, out, asked } = await run(['rotation', 'settle', 'db', way], {
        answers: passing(view('1', 'applying')),
      })
      assert.equal(exit, 0)
      assert.deepEqual(JSON.parse(asked.at(-1)?.body ?? ''), { way })
      assert.match(out, /The rotation of db goes on/)
    }
    const { exit } = await run(['rotation', 'settle', 'db', 'pray'], { answers: passing(view('1', 'applying')) })
    assert.equal(exit, 2)
  })

  it('only begins one when nobody waits', async () => {
    const { out, asked } = await run(['rotate', 'db', '--no-wait'], { answers: passing(view('1', 'planned')) })
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['POST'],
    )
    assert.match(out, /has begun/)
  })

  it('gives programs the rotation as it ended', async () => {
    const answers = passing(view('1', 'done'), view('2', 'done', { version: fresh }))
    const { out } = await run(['rotate', 'db', '--json'], { answers })
    assert.equal((JSON.parse(out) as RotationView).rotation?.version, fresh)
  })
})

/** A secret that is bound so, or not; what it is bound to next is what the command says. */
const binding =
  (before: RotationView | undefined): Answers =>
  ({ method, url, given }) => {
    if (method === 'PUT')
      return { body: { ...view('1', 'done'), due: nowSeconds, rotation: null, consumers: [], ...given } }
    if (url.pathname.endsWith('/rotation') && before !== undefined) return { body: before }
    return { status: 404, body: { error: { code: 'NotFound', message: 'There is none.' } } }
  }

describe('rotation', () => {
  it('keeps what is left out when it is bound again, and says what changed', async () => {
    const before = { ...view('1', 'done'), binding: { host: 'h' }, scrub: false }
    const line = 'rotation bind db --interval 30d'
    const { exit, out, asked } = await run(line.split(' '), { answers: binding(before) })
    assert.equal(exit, 0)
    assert.deepEqual(JSON.parse(asked.at(-1)?.body ?? ''), {
      provider: 'postgres',
      binding: { host: 'h' },
      intervalSeconds: 30 * 86_400,
      graceSeconds: 3_600,
      scrub: false,
    })
    assert.match(out, /Changed:\n +rhythm +every 90 days → every 30 days\n\n/)
    const never = await run(['rotation', 'bind', 'db', '--interval', 'never', '--scrub'], { answers: binding(before) })
    const { intervalSeconds, scrub } = JSON.parse(never.asked.at(-1)?.body ?? '')
    assert.deepEqual([intervalSeconds, scrub], [null, true])
  })

  it('says when it may begin, and keeps what of that is left out', async () => {
    const line = ['rotation', 'bind', 'db', '--cron', '0 3 * * sun', '--time-zone', 'Europe/Berlin', '--window']
    const days = ['sat,sun 02:00-05:00', '--blackout', '2026-12-20..2027-01-06', '--jitter', '30m']
    const { exit, out, asked } = await run([...line, ...days], { answers: binding(view('1', 'done')) })
    assert.equal(exit, 0)
    const { intervalSeconds, schedule } = JSON.parse(asked.at(-1)?.body ?? '') as RotationView
    assert.equal(intervalSeconds, undefined)
    assert.deepEqual(schedule, {
      beforeExpirySeconds: null,
      validitySeconds: null,
      cron: '0 3 * * sun',
      timeZone: 'Europe/Berlin',
      windows: [{ days: ['sat', 'sun'], from: '02:00', to: '05:00' }],
      blackouts: [{ from: '2026-12-20', to: '2027-01-06' }],
      jitterSeconds: 1_800,
    })
    assert.match(
      out,
      /\n {2}window {5}none → sat, sun 02:00–05:00 Europe\/Berlin\n {2}blackout {3}none → 2026-12-20 to /,
    )
    assert.match(out, /\n {2}jitter {5}none → 30 minutes\n\n/)

    const before: RotationView = { ...view('1', 'done'), intervalSeconds: null, schedule }
    const again = await run('rotation bind db --interval 30d --window none'.split(' '), { answers: binding(before) })
    const after = JSON.parse(again.asked.at(-1)?.body ?? '')
    assert.equal(after.intervalSeconds, 30 * 86_400)
    assert.deepEqual([after.schedule.cron, after.schedule.windows], [null, []])
    assert.deepEqual(after.schedule.blackouts, schedule?.blackouts)
    for (const words of ['--window saturday', '--blackout 2026-02-30..2026-03-01', '--time-zone Mars/Phobos']) {
      const { exit } = await run(`rotation bind db --provider random ${words}`.split(' '))
      assert.equal(exit, 2, words)
    }
  })

  it('says that what is left out becomes the default where the binding may not be read', async () => {
    const answers: Answers = (request) =>
      request.method === 'PUT' ? binding(undefined)(request) : { status: 403, body: { error: { message: 'Not you.' } } }
    const { exit, err } = await run('rotation bind db --provider random'.split(' '), { answers })
    assert.equal(exit, 0)
    assert.match(err, /isn’t yours to read: what is left out becomes the default/)
  })

  it('warns of what a binding may not say', async () => {
    const words = 'rotation bind db --provider postgres --binding -'.split(' ')
    const { err } = await run(words, { stdin: '{"hots":"h"}', answers: binding(undefined) })
    assert.match(err, /knows nothing of hots\. It may say: host, port/)
  })

  it('leaves to the server what is no provider', async () => {
    const words = 'rotation bind db --provider constructor --binding -'.split(' ')
    const { exit, err } = await run(words, { stdin: '{"host":"h"}', answers: binding(undefined) })
    assert.deepEqual([exit, err], [0, ''])
  })

  it('says of MySQL that nobody has tried it yet', async () => {
    const words = 'rotation bind db --provider mysql --binding -'.split(' ')
    const { exit, err } = await run(words, { stdin: '{"host":"h"}', answers: binding(undefined) })
    assert.equal(exit, 0)
    assert.match(err, /by its manual: nobody has tried this against a server yet/)
  })

  for (const [stdin, said] of [
    ['', /Standard input is empty/],
    ['{"a":}', /line 1, column 6/],
    ['{"a": 1,\n "b": tru }', /line 2, column 10/],
    ['{"a": 1\n "b": 2}', /line 2, column 2/],
    ['{"a": 1', /line 1, column 8/],
  ] as const) {
    it(`says where ${JSON.stringify(stdin)} is no JSON`, async () => {
      const { exit, err, asked } = await run('rotation bind db --provider postgres --binding -'.split(' '), { stdin })
      assert.deepEqual([exit, asked.length], [2, 0])
      assert.match(err, said)
    })
  }

  it('is unbound', async () => {
    const { exit, asked } = await run(['rotation', 'unbind', 'db'], { answers: () => ({ status: 204 }) })
    assert.equal(exit, 0)
    assert.deepEqual([asked[0]?.method, asked[0]?.url.pathname], ['DELETE', '/.cardea/secrets/db/rotation'])
  })

  it('is shown with who still runs on what', async () => {
    const { out } = await run(['rotation', 'show', 'db'], { answers: passing(view('2', 'grace', { version: fresh })) })
    assert.match(out, /every +90 days/)
    assert.match(out, /orders-1 +orders +ffffffff +1 second ago\norders-2 +orders +00000000 \(old\) +5 seconds ago/)
  })

  it('is bound with times in words', async () => {
    const line = 'rotation bind db --provider postgres --binding - --interval 90d --grace 12h --no-scrub'
    const { exit, out, asked } = await run(line.split(' '), { stdin: '{"host":"h"}', answers: binding(undefined) })
    assert.equal(exit, 0)
    assert.match(out, /^db is bound to postgres; it rotates every 90 days\./)
    assert.match(out, /The first credential is being made now/)
    assert.doesNotMatch(out, /never|cardea rotate /)
    assert.deepEqual(JSON.parse(asked.at(-1)?.body ?? ''), {
      provider: 'postgres',
      binding: { host: 'h' },
      intervalSeconds: 90 * 86_400,
      graceSeconds: 43_200,
      scrub: false,
    })
  })
})

describe('rotation list', () => {
  it('shows each secret with its next date, its last result and what it said', async () => {
    const item = { secret: 'db', provider: 'postgres', intervalSeconds: 90 * 86_400, schedule: null }
    const rotation = { id: '1', state: 'blocked', entered: nowSeconds - 3_600, lastError: 'no route to db.internal' }
    const pages: Answers = ({ url }) =>
      url.searchParams.has('$skiptoken')
        ? { body: { value: [{ ...item, secret: 'other', due: null, rotation: null }], nextLink: null } }
        : { body: { value: [{ ...item, due: nowSeconds + 86_400, rotation }], nextLink: `${url.href}&$skiptoken=x` } }
    const { exit, out } = await run(['rotation', 'list'], { answers: pages })
    assert.equal(exit, 0)
    assert.match(out, /db +postgres +every 90 days +in 1 day +blocked 1 hour ago +no route to db\.internal\n/)
    assert.match(out, /other +postgres +every 90 days +on demand +never/)
    const { out: json } = await run(['rotation', 'list', '--json'], { answers: pages })
    assert.equal(JSON.parse(json).length, 2)
    const none = await run(['rotation', 'list'], { answers: () => ({ body: { value: [], nextLink: null } }) })
    assert.match(none.out, /No secret of .* is bound/)
  })
})

describe('rotation plan', () => {
  const plan = { from: nowSeconds, until: nowSeconds + 86_400, rotations: [], conflicts: [] }

  it('shows what will rotate, and succeeds without conflicts', async () => {
    const rotations = [{ at: nowSeconds, secret: 'db', expires: null }]
    const { exit, out, asked } = await run('rotation plan --for 13mo --at-once 4'.split(' '), {
      answers: () => ({ body: { ...plan, rotations } }),
    })
    assert.equal(exit, 0)
    assert.match(out, /^2023-11-14 22:13Z {2}db\n\nNo conflicts until 2023-11-15 22:13Z\.\n$/)
    assert.equal(asked.at(-1)?.url.searchParams.get('seconds'), String(396 * 86_400))
    assert.equal(asked.at(-1)?.url.searchParams.get('most'), '4')
  })

  it('fails where something gets in the way, and says what', async () => {
    const conflicts = [{ kind: 'never', at: nowSeconds, times: 2, secrets: ['db'], says: 'Nothing begins it.' }]
    const answers: Answers = () => ({ body: { ...plan, conflicts } })
    const { exit, out } = await run(['rotation', 'plan'], { answers })
    assert.equal(exit, 1)
    assert.match(
      out,
      /Nothing rotates by itself[\s\S]*never {2}Nothing begins it\. First on 2023-11-14 22:13Z, 2 times\.\n/,
    )
    assert.equal((await run(['rotation', 'plan', '--at-once', '0'], { answers })).exit, 2)
    const years = await run(['rotation', 'plan', '--for', '9y'], { answers })
    assert.equal(years.exit, 2)
    assert.match(years.err, /90d or 13mo/)
  })
})

describe('rotate --rehearse', () => {
  const body = { secret: 'db', id: '1', provider: 'postgres', asked: nowSeconds, ended: nowSeconds + 1 }
  const what = 'The administrator may change roles.'

  it('says what was tried and that nothing is left, once it is over', async () => {
    const begun = { ...body, ended: null, checks: [] }
    const answers: Answers = ({ method }) => ({
      body: method === 'POST' ? begun : { ...body, checks: [{ what, wrong: null, remedy: null }] },
    })
    const { exit, out, asked } = await run(['rotate', 'db', '--rehearse'], { answers })
    assert.equal(exit, 0)
    assert.match(out, /^ok +The administrator may change roles\.\ndb would rotate, and nothing is left behind\.\n$/)
    assert.deepEqual(asked.map(({ url }) => url.pathname).slice(-2), [
      '/.cardea/secrets/db/rotation/rehearse',
      '/.cardea/secrets/db/rotation/rehearsal',
    ])
  })

  it('fails where something is missing, with what helps', async () => {
    const checks = [{ what, wrong: 'dba may not', remedy: 'ALTER ROLE "dba" CREATEROLE;' }]
    const { exit, out } = await run(['rotate', 'db', '--rehearse'], { answers: () => ({ body: { ...body, checks } }) })
    assert.equal(exit, 1)
    assert.match(out, /^no .*\n +dba may not\n +ALTER ROLE "dba" CREATEROLE;\n$/)
  })

  it('fails where it does not come to an end', async () => {
    const answers: Answers = () => ({ body: { ...body, ended: null, checks: [] } })
    const { exit, err } = await run(['rotate', 'db', '--rehearse'], { answers })
    assert.equal(exit, 1)
    assert.match(err, /isn't over/)
    for (const other of ['--emergency', '--back', '--no-wait'])
      assert.equal((await run(['rotate', 'db', '--rehearse', other], { answers })).exit, 2, other)
  })
})
