import type { AccessExplanation } from '@cardea/contract/cardea/access'
import { command, data, json } from './command.ts'
import { actorWords, idCalled } from './principal.ts'
import { type Paint, paintFor, shown } from './print.ts'
import { directoryOn, withManagement } from './service.ts'
import { resourceCalled } from './where.ts'

export default command({
  name: 'access explain',
  says: 'Says whether somebody may do something somewhere, by which assignment, and what changes without it.',
  takes: {
    who: { says: actorWords },
    what: { says: 'the action: secrets/get, or as roles name it' },
    where: { says: 'a resource id, VAULT, or VAULT/SECRET' },
  },
  options: { data, json },
  examples: [
    'cardea access explain ada@example.org secrets/get demo/orders-db',
    'cardea access explain 2f6c…-9e1b secrets/get demo/orders-db',
  ],
  async run({ who, what, where, json, data }, world) {
    return withManagement(world, { data }, async (management, way) => {
      const resource = await resourceCalled(management, where)
      const principal = await idCalled(directoryOn(way), who)
      const query = new URLSearchParams({ principal, action: what, resource })
      const told = (await management.ask<AccessExplanation>('GET', `/.cardea/access/explain?${query}`)).body
      if (json) world.print(JSON.stringify(told))
      else for (const line of explained(told, paintFor(world.terminal))) world.print(line)
      return 0
    })
  },
})

type Reason = AccessExplanation['reasons'][number]

/** The answer in words: first whether, then by what, then what would help. */
function explained(told: AccessExplanation, paint: Paint): string[] {
  const { principal, allowed, action, resource, closed, model, reasons, wanted } = told
  const who = paint.name(shown(principal.name))
  const lines = [`${who} ${allowed ? paint.good('may') : paint.bad('may not')} ${action}`, `  on ${shown(resource)}`]
  if (!principal.enabled) lines.push(`${who} is switched off, and may do nothing.`)
  if (closed) lines.push('The vault or store is deleted: nobody may use what is in it.')
  else if (model === 'policies') lines.push('The vault goes by access policies: roles give no right to what is in it.')
  for (const reason of reasons) lines.push('', ...saidOf(reason, paint))
  if (reasons.length === 0 && principal.enabled) lines.push('', 'Nothing is assigned to it here.')
  if (!allowed && !closed && wanted !== null) lines.push('', `The least role that allows it: ${paint.bold(wanted)}`)
  return lines
}

const verdicts: Record<Reason['verdict'], string> = {
  allows: 'allows it',
  'has-not-the-action': "doesn't have this action",
  'condition-refuses': 'would allow it, but for its condition',
  inert: 'would allow it, but counts for nothing here',
}

function saidOf({ kind, role, scope, group, condition, verdict, loses, assignment }: Reason, paint: Paint): string[] {
  const mark = verdict === 'allows' ? paint.good('✓') : paint.dim('·')
  const by = group === null ? '' : `, by the group ${shown(group)}`
  const lines = [
    `${mark} ${kind === 'access-policy' ? 'an access policy' : shown(role ?? '')}${by}: ${verdicts[verdict]}`,
    `    at ${shown(scope)}`,
  ]
  if (assignment !== null) lines.push(paint.dim(`    assignment ${assignment}`))
  if (condition !== null) lines.push(paint.dim(`    if ${shown(condition)}`))
  if (verdict === 'allows') {
    const lost = loses.length === 0 ? 'nothing: others allow the same' : `${loses.slice(0, 5).join(', ')}${more(loses)}`
    lines.push(`    without it would go: ${lost}`)
  }
  return lines
}

const more = (loses: readonly string[]): string => (loses.length > 5 ? `, and ${loses.length - 5} more` : '')
