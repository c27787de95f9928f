import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fault } from '#base/fault.ts'
import { expiryOf, nearEnd, type PolicyDraft, policyFrom, type RotationPolicy, rotationDue } from './rotation-policy.ts'

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const said = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(ms).toString()
const now = at('2026-01-31T10:00:00Z')
const day = 86_400_000

const action = (type: string, timeAfterCreate?: string | null, timeBeforeExpiry?: string | null) => ({
  type,
  timeAfterCreate,
  timeBeforeExpiry,
})
const policy = (expiryTime: string | null | undefined, ...actions: PolicyDraft['actions']): RotationPolicy =>
  policyFrom({ expiryTime, actions }, now)
const refused = (words: RegExp, expiryTime: string | undefined, ...actions: PolicyDraft['actions']): void => {
  assert.throws(
    () => policy(expiryTime, ...actions),
    (error) => error instanceof Fault && error.code === 'invalid' && words.test(error.message),
  )
}
const version = (created: string, expires?: string, enabled = true) => ({
  enabled,
  created: at(created),
  expires: expires === undefined ? undefined : at(expires),
})

describe('A rotation policy of a key', () => {
  it('is what was said, with a notice thirty days before the end if none was said', () => {
    assert.deepEqual(policy('P2Y', action('Rotate', 'P18M', null)), {
      expiryTime: 'P2Y',
      actions: [
        { type: 'rotate', after: 'P18M' },
        { type: 'notify', before: 'P30D' },
      ],
      created: now,
      updated: now,
    })
    assert.deepEqual(policy(undefined).actions, [{ type: 'notify', before: 'P30D' }])
    assert.deepEqual(policy('P90D', action('nOtIfY', null, 'P10D'), action('ROTATE', 'P1M')).actions, [
      { type: 'notify', before: 'P10D' },
      { type: 'rotate', after: 'P1M' },
    ])
  })

  it('gives a short life a short notice', () => {
    assert.deepEqual(policy('P28D').actions, [{ type: 'notify', before: 'P7D' }])
    assert.deepEqual(policy('P37D').actions, [{ type: 'notify', before: 'P30D' }])
  })

  it('keeps when it was first said', () => {
    const later = policyFrom({ expiryTime: 'P1Y', actions: [] }, now + day, policy('P2Y'))
    assert.deepEqual([later.created, later.updated], [now, now + day])
  })

  it('is refused with the rule that it breaks', () => {
    refused(/at least P28D/, 'P27D')
    refused(/at least P28D/, 'P27DT23H59M59S')
    refused(/one action of the type Rotate/, 'P2Y', action('Rotate', 'P1Y'), action('rotate', 'P2M'))
    refused(/one action of the type Notify/, 'P2Y', action('Notify', null, 'P8D'), action('notify', null, 'P9D'))
    refused(/must be Rotate or Notify/, 'P2Y', action('Renew', 'P1Y'))
    refused(/either timeAfterCreate or timeBeforeExpiry/, 'P2Y', action('Rotate', 'P1Y', 'P30D'))
    refused(/either timeAfterCreate or timeBeforeExpiry/, 'P2Y', action('Rotate', null, null))
    refused(/either timeAfterCreate or timeBeforeExpiry/, 'P2Y', action('Notify'))
    refused(/trigger of Notify must be timeBeforeExpiry/, 'P2Y', action('Notify', 'P30D'))
    refused(/only if the policy has an expiryTime/, undefined, action('Rotate', null, 'P30D'))
    refused(/at least P7D after/, undefined, action('Rotate', 'P6D'))
    refused(/at least P7D after/, 'P28D', action('Rotate', 'P22D'))
    refused(/at least P7D after/, 'P28D', action('Rotate', null, 'P22D'))
    refused(/at least P7D after/, 'P28D', action('Rotate', null, 'P6D'))
    refused(/at least P7D after/, 'P28D', action('Notify', null, 'P28D'))
    refused(/at least P7D after/, undefined, action('Notify', null, 'PT48H'))
  })

  it('knows durations of ISO 8601, and nothing that only looks like one', () => {
    for (const good of ['P90D', 'P3M', 'P18M', 'P1Y10D', 'PT2000H', 'P2Y', 'P8W', 'P1M', 'P100Y']) policy(good)
    for (const bad of [
      '',
      'P',
      '90D',
      'P-90D',
      '-P90D',
      '+P90D',
      'P0D',
      'P1.5Y',
      'P90D ',
      'P9999999999999D',
      'ninety',
    ]) {
      refused(/must be of ISO 8601/, bad)
    }
    refused(/longer than P100Y/, 'P101Y')
    refused(/longer than P100Y/, 'P9999D', action('Rotate', 'P4294967295Y'))
  })

  it('counts months and years by the calendar, and everything else by the clock', () => {
    const monthly = policy('P2M', action('Rotate', 'P1M'))
    assert.equal(said(rotationDue(monthly, version('2026-01-31T10:00:00Z'))), '2026-02-28T10:00:00Z')
    assert.equal(said(rotationDue(monthly, version('2028-01-31T10:00:00Z'))), '2028-02-29T10:00:00Z')
    assert.equal(said(expiryOf(monthly, now)), '2026-03-31T10:00:00Z')
    const yearly = policy('P2Y', action('Rotate', null, 'P1Y1M'))
    assert.equal(said(expiryOf(yearly, at('2028-02-29T00:00:00Z'))), '2030-02-28T00:00:00Z')
    assert.equal(
      said(rotationDue(yearly, version('2026-01-01T00:00:00Z', '2028-03-31T00:00:00Z'))),
      '2027-02-28T00:00:00Z',
    )
    const hourly = policy(undefined, action('Rotate', 'PT240H30M'))
    assert.equal(said(rotationDue(hourly, version('2026-03-25T00:00:00Z'))), '2026-04-04T00:30:00Z')
    assert.equal(
      said(nearEnd(policy('P1Y', action('Notify', null, 'P2M')), at('2026-04-30T00:00:00Z'))),
      '2026-02-28T00:00:00Z',
    )
    assert.equal(said(nearEnd(undefined, at('2026-03-31T00:00:00Z'))), '2026-03-01T00:00:00Z')
  })

  it('lets a key rest that is disabled, that never ends, or that nobody wants to have rotated', () => {
    const rotating = policy(undefined, action('Rotate', 'P10D'))
    assert.equal(rotationDue(rotating, version('2026-01-01T00:00:00Z', undefined, false)), undefined)
    assert.equal(rotationDue(policy('P1Y', action('Rotate', null, 'P10D')), version('2026-01-01T00:00:00Z')), undefined)
    assert.equal(rotationDue(policy('P1Y'), version('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z')), undefined)
    assert.equal(rotationDue(undefined, version('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z')), undefined)
  })

  /** Drawn anew in each run; a policy that breaks the law is told with the failure. */
  const upTo = (most: number): number => Math.floor(Math.random() * (most + 1))
  const duration = (): string | null => {
    if (upTo(2) === 0) return null
    const parts = { years: upTo(2), months: upTo(14), weeks: upTo(5), days: upTo(60), hours: upTo(100) }
    const all = Object.entries(parts).filter(() => upTo(2) === 0)
    const drawn = Temporal.Duration.from({ days: 1 + upTo(40), ...Object.fromEntries(all) })
    return drawn.toString()
  }
  const draft = (): PolicyDraft => ({
    expiryTime: duration(),
    actions: Array.from({ length: upTo(2) }, () => {
      const type = ['Rotate', 'rotate', 'Notify', 'NOTIFY'][upTo(3)] as string
      return action(type, type[0] === 'R' ? duration() : null, duration())
    }),
  })

  it('that is taken never has anything happen before a version is made, after it has ended, or over and over', () => {
    let taken = 0
    for (let run = 0; run < 10_000; run += 1) {
      const given = draft()
      const created = upTo(4e12)
      const told = `${JSON.stringify(given)} of ${said(created)}`
      let good: RotationPolicy
      try {
        good = policyFrom(given, created)
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === 'invalid', `${told}: ${error}`)
        continue
      }
      taken += 1
      assert.equal(good.actions.filter(({ type }) => type === 'notify').length, 1)
      assert.ok(good.actions.filter(({ type }) => type === 'rotate').length <= 1)
      const expires = expiryOf(good, created)
      // Months are longer and shorter than they are on average, by three days at most.
      const slackDays = 3
      if (expires !== undefined) assert.ok(expires - created >= (28 - slackDays) * day, told)
      const due = rotationDue(good, { enabled: true, created, expires })
      if (due !== undefined) assert.ok(due - created >= (7 - slackDays) * day, told)
      if (due !== undefined && expires !== undefined) assert.ok(expires - due >= (7 - slackDays) * day, told)
      if (expires !== undefined) {
        const near = nearEnd(good, expires)
        assert.ok(near >= created && near < expires, told)
      }
      // What was taken is taken again as it is told, and changes nothing.
      const again = policyFrom(
        {
          expiryTime: good.expiryTime,
          actions: good.actions.map((one) => ({
            type: one.type,
            timeAfterCreate: 'after' in one ? one.after : undefined,
            timeBeforeExpiry: 'before' in one ? one.before : undefined,
          })),
        },
        created,
      )
      assert.deepEqual(again, good, told)
    }
    assert.ok(taken > 1_000, `only ${taken} of the policies were good`)
  })
})
