import type { RotationPlan } from '@cardea/contract/cardea/rotation-plan'
import { command, data, json, Misuse, vault } from './command.ts'
import { durationFrom } from './duration.ts'
import { type Paint, paintFor, shown } from './print.ts'
import { withVault } from './service.ts'

export default command({
  name: 'rotation plan',
  says: 'Shows when everything bound in a vault will rotate, and what gets in each other’s way.',
  more: [
    'The scheduler’s own rules run under a clock that is put forward: nothing is changed. It fails where there are',
    'conflicts: schedules that never begin, versions that expire before they are replaced, rotations of secrets of one',
    'target, or of a secret that the other draws on, within ten minutes, and more than --at-once of them.',
  ].join('\n'),
  takes: {},
  options: {
    for: { type: 'string', value: 'TIME', says: 'how far ahead, as 90d or 13mo (default 13mo)' },
    'at-once': { type: 'string', value: 'NUMBER', says: 'how many may begin within ten minutes (default 16)' },
    vault,
    data,
    json,
  },
  examples: ['cardea rotation plan --for 13mo', 'cardea rotation plan --for 30d --at-once 4 --json'],
  async run(given, world) {
    const query = new URLSearchParams()
    if (given.for !== undefined) query.set('seconds', String(aheadFrom(given.for)))
    const { 'at-once': atOnce } = given
    if (atOnce !== undefined) {
      if (!/^[1-9]\d{0,3}$/.test(atOnce)) throw new Misuse('--at-once must be a number from 1 to 9999.')
      query.set('most', atOnce)
    }
    return withVault(world, given, async (vault) => {
      const asked = query.size === 0 ? '' : `?${query}`
      const plan = (await vault.ask<RotationPlan>('GET', `/.cardea/rotations/plan${asked}`)).body
      if (given.json) world.print(JSON.stringify(plan))
      else for (const line of told(plan, paintFor(world.terminal))) world.print(line)
      return plan.conflicts.length === 0 ? 0 : 1
    })
  },
})

const range = { from: 60, to: 5 * 366 * 86_400 }

/** Months are what people plan by: 30 days and a half. */
function aheadFrom(text: string): number {
  const [, months] = /^(\d{1,3})mo$/.exec(text) ?? []
  if (months !== undefined) return durationFrom('--for', `${Math.ceil(Number(months) * 30.45)}d`, range)
  if (!/^\d+[smhdw]$/.test(text)) throw new Misuse('--for must be a time such as 90d or 13mo.')
  return durationFrom('--for', text, range)
}

const moment = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')}Z`

function told({ until, rotations, conflicts }: RotationPlan, paint: Paint): string[] {
  return [
    ...(rotations.length === 0 ? [`Nothing rotates by itself until ${moment(until)}.`] : []),
    ...rotations.map(({ at, secret, expires }) => {
      const end = expires === null ? '' : paint.dim(`  expires ${moment(expires)}`)
      return `${moment(at)}  ${paint.name(secret)}${end}`
    }),
    '',
    ...(conflicts.length === 0
      ? [`${paint.good('No conflicts')} until ${moment(until)}.`]
      : conflicts.map(({ kind, at, times, says }) => {
          const first = at === null ? '' : ` First on ${moment(at)}${times > 1 ? `, ${times} times` : ''}.`
          return `${paint.bad(kind)}  ${shown(says)}${first}`
        })),
  ]
}
