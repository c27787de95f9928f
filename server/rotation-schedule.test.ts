import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { weekdays } from '@cardea/contract/cardea/schedule'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { type Kept, onBothEngines } from './testing/engines.ts'
import { openRotating, type Rotating } from './testing/rotating.ts'

onBothEngines((keep) => {
  let kept: Kept
  let here: Rotating
  let ahead = 0
  const fake = { provider: 'fake', graceSeconds: 0 }
  const day = 86_400
  const hour = 3_600
  /** The window opens three days from now, at two in the night. */
  const opening = (Math.floor(Date.now() / 1000 / day) + 3) * day + 2 * hour
  const weekday = weekdays[(new Date(opening * 1000).getUTCDay() + 6) % 7]
  const nights = { timeZone: 'UTC', windows: [{ days: [weekday], from: '02:00', to: '05:00' }] }

  before(async () => {
    kept = await keep()
    here = await openRotating({
      env: kept.env,
      clock: () => Date.now() + ahead,
      rotation: { providers: new Map([['fake', new FakeFarSide('slots').provider]]) },
    })
  })
  after(async () => {
    await here?.[Symbol.asyncDispose]()
    await kept?.[Symbol.asyncDispose]()
  })

  /** Puts the clock forward, and has everybody look at it. */
  async function leapTo(moment: number): Promise<void> {
    ahead = moment - Date.now()
    await here.renew()
    await here.bind('stir', { provider: 'fake', intervalSeconds: null })
  }

  const bound = async (name: string, body: object) => {
    const heard = await here.bind(name, { ...fake, ...body })
    assert.equal(heard.status, 200, heard.text)
    return heard.json
  }

  describe('a schedule', () => {
    it('is told as it was given', async () => {
      await bound('told', {
        schedule: {
          cron: '0 3 1 * *',
          ...nights,
          blackouts: [{ from: '2026-12-20', to: '2027-01-06' }],
          jitterSeconds: 60,
        },
      })
      const { intervalSeconds, schedule } = await here.show('told')
      assert.equal(intervalSeconds, null)
      assert.deepEqual(schedule, {
        beforeExpirySeconds: null,
        validitySeconds: null,
        cron: '0 3 1 * *',
        ...nights,
        blackouts: [{ from: '2026-12-20', to: '2027-01-06' }],
        jitterSeconds: 60,
      })
    })

    it('is refused in words that say what is wrong with it', async () => {
      await here.set('plain', 'x')
      const windows = (more: object) => ({ windows: [{ from: '02:00', to: '03:00', ...more }] })
      for (const [schedule, words, more] of [
        [{ cron: '61 * * * *' }, /minute/],
        [{ cron: '* * * * * *' }, /5 parts/],
        [{ cron: '0 0 30 2 *' }, /never comes/],
        [{ cron: '; drop table' }, /cron/],
        [{ cron: 'a'.repeat(200) }, /128/],
        [{ cron: '0 3 * * *', beforeExpirySeconds: day }, /only one/],
        [{ cron: '0 3 * * *' }, /only one/, { intervalSeconds: day }],
        [{ beforeExpirySeconds: day }, /no expiry date/],
        [{ beforeExpirySeconds: day, validitySeconds: day }, /longer/],
        [{ timeZone: 'Mars/Phobos' }, /time zone/],
        [{ timeZone: '../../etc' }, /time zone/],
        [windows({ from: '25:00' }), /time of the day/],
        [windows({ to: '02:00' }), /another end/],
        [windows({ days: ['someday'] }), /days/],
        [windows({ days: [] }), /days/],
        [{ windows: Array.from({ length: 33 }, () => ({ from: '02:00', to: '03:00' })) }, /32/],
        [{ blackouts: [{ from: '2026-02-30', to: '2026-03-01' }] }, /exists/],
        [{ blackouts: [{ from: '2026-03-02', to: '2026-03-01' }] }, /ends after/],
        [{ blackouts: [{ from: '2020-01-01', to: '9999-12-31' }] }, /never open/],
        [{ jitterSeconds: -1 }, /jitterSeconds/],
        ['weekly', /object/],
      ] as const) {
        const heard = await here.bind('plain', { ...fake, ...more, schedule })
        assert.equal(heard.status, 400, `${JSON.stringify(schedule)}: ${heard.text}`)
        assert.match(heard.text, words, JSON.stringify(schedule))
      }
    })

    it('lets nothing begin outside its windows, whatever is due, but the first credential and who asks for it', async () => {
      await bound('nightly', { intervalSeconds: day, schedule: nights })
      const first = await here.reaches('nightly', 'done')
      const { due } = await here.show('nightly')
      assert.ok(due !== null && due >= opening && due < opening + 3 * hour, String(due))

      await here.rotate('nightly')
      await here.until('it is rotated', async () => (await here.show('nightly')).rotation?.state === 'done')
      assert.notEqual((await here.show('nightly')).rotation?.id, first.id)
    })

    it('skips a window that nobody was there for, and waits for the next', async () => {
      await here.set('late', 'x')
      await bound('late', { intervalSeconds: day, schedule: { ...nights, jitterSeconds: 0 } })
      assert.equal((await here.show('late')).due, opening)
      await leapTo((opening + 10 * hour) * 1000)
      await here.until('it is put off', async () => (await here.show('late')).due === opening + 7 * day)
      assert.equal((await here.show('late')).rotation, null)
      await leapTo((opening + 7 * day + hour / 2) * 1000)
      await here.reaches('late', 'done')
    })

    it('begins before expiry, gives the new version its end, and follows an end that is moved', async () => {
      const seconds = Math.floor((Date.now() + ahead) / 1000)
      const version = await here.set('ending', 'x', { attributes: { exp: seconds + 30 * day } })
      await bound('ending', { schedule: { beforeExpirySeconds: 5 * day, validitySeconds: 20 * day, jitterSeconds: 0 } })
      assert.equal((await here.show('ending')).due, seconds + 25 * day)
      const moved = await here.ask('PATCH', `/secrets/ending/${version}?api-version=7.4`, {
        attributes: { exp: seconds + 14 * day },
      })
      assert.equal(moved.status, 200, moved.text)
      await leapTo(Date.now() + ahead + 200_000)
      await here.until('it is noticed', async () => (await here.show('ending')).due === seconds + 9 * day)
      await leapTo(Date.now() + ahead + 10 * day * 1000)
      await here.reaches('ending', 'done')
      const { attributes } = (await here.get('ending')).json
      assert.equal(attributes.exp - attributes.created, 20 * day)
      assert.equal((await here.show('ending')).due, attributes.created + 15 * day)
    })
  })

  describe('what is bound in a vault', () => {
    it('is listed, page by page, without a value', async () => {
      const first = await here.ask('GET', '/.cardea/rotations?maxresults=2')
      assert.equal(first.status, 200, first.text)
      assert.equal(first.json.value.length, 2)
      const { pathname, search } = new URL(first.json.nextLink)
      const second = await here.ask('GET', pathname + search)
      const names = [...first.json.value, ...second.json.value].map(({ secret }: { secret: string }) => secret)
      assert.deepEqual(names, [...names].sort())
      assert.equal(new Set(names).size, names.length)
      const ending = (await here.ask('GET', '/.cardea/rotations')).json.value.find(
        ({ secret }: { secret: string }) => secret === 'ending',
      )
      assert.equal(ending.rotation.state, 'done')
      assert.equal(ending.schedule.beforeExpirySeconds, 5 * day)
    })

    it('is planned ahead', async () => {
      const { json, status, text } = await here.ask('GET', `/.cardea/rotations/plan?seconds=${100 * day}`)
      assert.equal(status, 200, text)
      assert.equal(json.until - json.from, 100 * day)
      const ending = json.rotations.filter(({ secret }: { secret: string }) => secret === 'ending')
      assert.equal(ending.length, 6)
      for (const query of ['seconds=0', 'seconds=x', 'most=0']) {
        assert.equal((await here.ask('GET', `/.cardea/rotations/plan?${query}`)).status, 400, query)
      }
    })
  })
})
