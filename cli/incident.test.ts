import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IncidentItem, IncidentView } from '@cardea/contract/cardea/incidents'
import { run } from './testing/world.ts'

const mallory = '6a44937a-269c-441c-85ee-2fe8f122a8a1'
const item = (secret: string, more: Partial<IncidentItem>): IncidentItem => ({
  ...{ vault: 'demo', secret, exposure: 'read', through: [], versions: [], met: 1, remedy: 'rotate', rank: 0 },
  ...{ state: 'done', version: null, refused: null, disabled: [], why: null, todo: null },
  ...more,
})
const view = (state: IncidentView['state'], items: IncidentItem[]): IncidentView => ({
  ...{ id: state === 'planned' ? null : '00000000-0000-4000-8000-000000000001', state },
  identity: { objectId: mallory, name: 'mallory', enabled: true },
  ...{ secret: null, since: 0, couldRead: false, disable: false, by: 'me', started: 1, ended: null },
  ...{ stillReadable: 1, why: null, items },
})

describe('incident rotate', () => {
  it('shows a plan with its warning, and changes nothing', async () => {
    const planned = view('planned', [item('db', { state: 'waiting' })])
    const { exit, out, asked } = await run(['incident', 'rotate', '--identity', mallory, '--since', '7d', '--plan'], {
      answers: () => ({ body: planned }),
    })
    assert.equal(exit, 0)
    assert.match(out, /mallory may still read 1 of them/)
    assert.match(out, /demo\/db +read +to be rotated/)
    assert.deepEqual(
      asked.filter(({ method }) => method === 'POST').map(({ url }) => new URL(url).pathname),
      ['/.cardea/incidents/plan'],
    )
  })

  it('knows who is meant by the name that they alone have', async () => {
    const line = 'incident rotate --identity orders-app --since 7d --plan'
    const { exit, asked } = await run(line.split(' '), {
      answers: ({ url }) =>
        url.hostname !== 'graph.cardea.internal'
          ? { body: view('planned', []) }
          : { body: { value: url.pathname.endsWith('/servicePrincipals') ? [{ id: mallory }] : [] } },
    })
    assert.equal(exit, 0)
    assert.equal(JSON.parse(asked.at(-1)?.body ?? '').identity, mallory)
  })

  it('counts from a moment on, a day, or so long ago', async () => {
    const planned = view('planned', [])
    const sinceOf = async (since: string) => {
      const line = ['incident', 'rotate', '--identity', mallory, '--since', since, '--plan']
      const { asked } = await run(line, { now: Date.UTC(2026, 1, 7), answers: () => ({ body: planned }) })
      return new Date(JSON.parse(asked.at(-1)?.body ?? '').since * 1000).toISOString()
    }
    assert.equal(await sinceOf('2026-01-31T12:00:00+02:00'), '2026-01-31T10:00:00.000Z')
    assert.equal(await sinceOf('2026-01-31'), '2026-01-31T00:00:00.000Z')
    assert.equal(await sinceOf('7d'), '2026-01-31T00:00:00.000Z')
  })

  it('follows to the end, and fails while anything remains exposed', async () => {
    const views = [
      view('searching', []),
      view('running', [item('db', { state: 'rotating' })]),
      view('ended', [item('db', {}), item('key', { state: 'by-hand', why: 'It is not bound.', todo: 'Change it.' })]),
    ]
    const { exit, out } = await run(['incident', 'rotate', '--secret', 'demo/db'], {
      answers: () => ({ body: views.length > 1 ? views.shift() : views[0] }),
    })
    assert.equal(exit, 1)
    assert.match(out, /looking for what may be known\n.*0 of 1 done, 1 under way: db/)
    assert.match(out, /Still exposed:\n +demo\/key: It is not bound\.\n +Change it\./)
  })

  it('looks every two seconds where nothing moves', async () => {
    const { exit, asked } = await run(['incident', 'rotate', '--secret', 'demo/db'], {
      answers: () => ({ body: view('running', [item('db', { state: 'rotating' })]) }),
      stopsAfterMs: 600_000,
    })
    assert.equal(exit, 1)
    assert.ok(asked.length < 330, `${asked.length} looks in ten minutes`)
  })

  it('fails with the reason where nothing was done', async () => {
    const { exit, out } = await run(['incident', 'rotate', '--identity', mallory, '--since', '7d'], {
      answers: () => ({ body: { ...view('ended', []), why: 'More than 10000 secrets may be known.' } }),
    })
    assert.equal(exit, 1)
    assert.match(out, /Nothing was done\. More than 10000 secrets may be known\./)
  })

  it('is misused without one of both, a time, or a whole name', async () => {
    for (const given of [
      [],
      ['--identity', mallory],
      ['--secret', 'db'],
      ['--identity', mallory, '--secret', 'demo/db', '--since', '1d'],
      ['--secret', 'demo/db', '--since', '1d'],
      ['--secret', 'demo/db', '--could-read'],
      ['--identity', mallory, '--since', '2026-01-31T25:00:00Z'],
      ['--identity', mallory, '--since', '999999999w'],
    ]) {
      const { exit } = await run(['incident', 'rotate', ...given], {})
      assert.equal(exit, 2, given.join(' '))
    }
  })
})
