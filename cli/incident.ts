import type { IncidentItem, IncidentList, IncidentView } from '@cardea/contract/cardea/incidents'
import { below, resource } from './below.ts'
import { command, data, json, Misuse, Refusal } from './command.ts'
import { list } from './listing.ts'
import { pace } from './pace.ts'
import { actorWords, idCalled } from './principal.ts'
import { type Paint, paintFor, shown, table, when } from './print.ts'
import { directoryOn, type Service, withManagement } from './service.ts'
import { secondsFrom } from './time.ts'

/** Secrets that may be known to somebody, and what is done about them: three commands. */
const pathOf = (rest: string, resource: string | undefined): string => `/.cardea/incidents${rest}${below(resource)}`

export const incidentRotate = command({
  name: 'incident rotate',
  says: 'Rotates all that somebody read, or one secret that has become known; names what it can’t.',
  more: [
    'What was read comes from the journal; --could-read adds what may be read now. Secrets that others depend on go first.',
    'Ctrl-C only stops following; the incident goes on, also after a crash. "cardea incident show" tells where it stands.',
    'Take the rights of who is meant away first: what is made new for them they can read again.',
  ].join('\n'),
  takes: {},
  options: {
    identity: { type: 'string', value: 'WHO', says: `who may know them: ${actorWords}` },
    since: {
      type: 'string',
      value: 'TIME',
      says: 'from when on what it read counts: 2026-01-31T12:00:00Z, or 7d for a week ago',
    },
    secret: { type: 'string', value: 'VAULT/NAME', says: 'one secret that has become known, instead of --identity' },
    'could-read': { type: 'boolean', says: 'also what it may read now, though the journal doesn’t say it did' },
    disable: { type: 'boolean', says: 'disable the versions that may be known, once others have taken their place' },
    plan: { type: 'boolean', says: 'change nothing: show what would be done' },
    resource,
    data,
    json,
  },
  examples: [
    'cardea incident rotate --identity orders-app --since 7d --plan',
    'cardea incident rotate --secret demo/orders-db --disable',
  ],
  async run({ identity, since, secret, 'could-read': couldRead, disable, plan, resource, data, json }, world) {
    const [vault, name, ...more] = secret?.split('/') ?? []
    if ((identity === undefined) === (secret === undefined))
      throw new Misuse('Give --identity with --since, or --secret.')
    if (secret !== undefined && (!vault || !name || more.length > 0)) throw new Misuse('--secret must be VAULT/NAME.')
    if (secret !== undefined && (since !== undefined || couldRead))
      throw new Misuse('--since and --could-read say what an identity may know: leave them out with --secret.')
    if (identity !== undefined && since === undefined) throw new Misuse('From when on? Give it with --since.')
    const known = {
      ...(since !== undefined && { since: secondsFrom('--since', since, world.now(), 'ago') }),
      ...(secret !== undefined && { secret: { vault, name } }),
      disable,
    }
    return withManagement(world, { data }, async (management, way) => {
      const who = identity === undefined ? undefined : await idCalled(directoryOn(way), identity)
      const body = { ...known, ...(who !== undefined && { identity: who, couldRead }) }
      const paint = paintFor(world.terminal)
      const say = (view: IncidentView) => {
        if (json) world.print(JSON.stringify(view))
        else for (const line of report(view, paint, world.now())) world.print(line)
      }
      if (plan) {
        say((await management.ask<IncidentView>('POST', pathOf('/plan', resource), body)).body)
        return 0
      }
      const begun = (await management.ask<IncidentView>('POST', pathOf('', resource), body)).body
      const id = begun.id ?? ''
      if (!json) world.print(`Incident ${paint.name(id)} has begun.`)
      const stop = world.stopping()
      const next = pace()
      let view = begun
      try {
        for (let before = ''; view.state !== 'ended'; view = await incidentOf(management, id, resource)) {
          const line = progressOf(view)
          if (!json && line !== before) world.print(`  ${line}`)
          before = line
          await world.wait(next(view.items), stop)
        }
      } catch (error) {
        if (!stop.aborted) throw error
        throw new Refusal('stopped', `Stopped following. Incident ${id} goes on.`, `See: cardea incident show ${id}`)
      }
      say(view)
      return exposed(view).length === 0 && view.why === null ? 0 : 1
    })
  },
})

export const incidentShow = command({
  name: 'incident show',
  says: 'Reports what an incident has done, when the old credentials were refused, and what remains exposed.',
  takes: { id: { says: 'the incident' } },
  options: { resource, data, json },
  examples: ['cardea incident show 4f1c…'],
  async run({ id, resource, data, json }, world) {
    return withManagement(world, { data }, async (management) => {
      const view = await incidentOf(management, id, resource)
      if (json) world.print(JSON.stringify(view))
      else for (const line of report(view, paintFor(world.terminal), world.now())) world.print(line)
      return 0
    })
  },
})

export const incidentList = command({
  name: 'incident list',
  says: 'Lists incidents, the latest first.',
  takes: {},
  options: { resource, data, json },
  examples: ['cardea incident list'],
  async run({ resource, data, json }, world) {
    return withManagement(world, { data }, async (management) => {
      const { value } = (await management.ask<IncidentList>('GET', pathOf('', resource))).body
      return list(world, value, {
        json,
        heads: ['INCIDENT', 'STATE', 'BEGAN'],
        none: ['There has been no incident.'],
        row: ({ id, state, started }, paint) => [paint.name(id), state, when(started, world.now())],
      })
    })
  },
})

const incidentOf = async (management: Service, id: string, resource: string | undefined): Promise<IncidentView> =>
  (await management.ask<IncidentView>('GET', pathOf(`/${encodeURIComponent(id)}`, resource))).body

const exposed = ({ items }: IncidentView): readonly IncidentItem[] =>
  items.filter(({ state }) => state === 'failed' || state === 'by-hand')

function progressOf({ state, items }: IncidentView): string {
  if (state === 'searching') return 'looking for what may be known'
  const count = (wanted: IncidentItem['state']) => items.filter((item) => item.state === wanted).length
  const open = items.filter((item) => item.state === 'rotating').map(({ secret }) => shown(secret))
  const names = open.length === 0 ? '' : `: ${open.slice(0, 5).join(', ')}${open.length > 5 ? ' …' : ''}`
  return `${count('done')} of ${items.length} done, ${count('rotating')} under way${names}`
}

/** The whole of it: what is done, what isn't and what to do, and who can still read. */
function report(view: IncidentView, paint: Paint, now: number): string[] {
  const { items, identity, secret, stillReadable, state, id, why } = view
  const who =
    identity === null ? `${secret?.vault}/${secret?.name} has become known` : `${shown(identity.name)} may know`
  const lines = [
    `${id === null ? 'A plan' : `Incident ${paint.name(id)}, ${state}`}: ${who}${identity === null ? '' : ` ${items.length} secrets`}`,
  ]
  if (identity?.enabled && stillReadable > 0) {
    const words = `${shown(identity.name)} may still read ${stillReadable} of them: take its rights away, or what is made new is known again.`
    lines.push(paint.warn(words))
  }
  if (why !== null) return [...lines, paint.bad(`Nothing was done. ${shown(why)}`)]
  if (items.length === 0)
    return [...lines, state === 'searching' ? 'It is being looked for.' : 'Nothing is to be done.']
  const rows = items.map((item) => [
    String(item.rank + 1),
    paint.name(shown(`${item.vault}/${item.secret}`)),
    item.through.length === 0 ? item.exposure : `${item.exposure}, in ${shown(item.through.join(', '))}`,
    stateText(item, paint),
    item.refused === null ? '' : when(item.refused, now),
  ])
  lines.push(
    '',
    ...table(
      paint,
      ['', 'SECRET', 'HOW', 'STATE', 'OLD ONE REFUSED'].map((head) => ({ head, whole: head === 'SECRET' })),
      rows,
    ),
  )
  const left = exposed(view)
  if (left.length > 0) lines.push('', paint.bad(id === null ? 'To be seen to by hand:' : 'Still exposed:'))
  for (const { vault, secret, why, todo } of left) {
    lines.push(`  ${paint.name(shown(`${vault}/${secret}`))}: ${shown(why ?? '')}`, `    ${shown(todo ?? '')}`)
  }
  return lines
}

function stateText({ state, remedy, disabled }: IncidentItem, paint: Paint): string {
  if (state === 'done') return paint.good(disabled.length === 0 ? 'done' : `done, ${disabled.length} disabled`)
  if (state === 'waiting') return remedy === 'follow' ? 'follows its parts' : 'to be rotated'
  return state === 'rotating' ? paint.warn(state) : paint.bad(state)
}
