import type { AccessConversion } from '@cardea/contract/cardea/access'
import { command, data, json, Misuse } from './command.ts'
import { type Paint, paintFor, shown } from './print.ts'
import { withManagement } from './service.ts'
import { vaultCalled } from './where.ts'

export default command({
  name: 'access convert',
  says: 'Shows how a vault’s access policies would be said with roles, and with --apply does it.',
  takes: {},
  options: {
    vault: { type: 'string', value: 'NAME', says: 'the vault' },
    apply: { type: 'boolean', says: 'assign the roles, and let the vault go by roles from then on' },
    data,
    json,
  },
  examples: ['cardea access convert --vault orders', 'cardea access convert --vault orders --apply'],
  async run({ vault, apply, json, data }, world) {
    if (vault === undefined) throw new Misuse('Which vault? Name it with --vault.')
    return withManagement(world, { data }, async (management) => {
      const resource = encodeURIComponent(await vaultCalled(management, vault))
      const told = (
        await management.ask<AccessConversion>(
          apply ? 'POST' : 'GET',
          `/.cardea/access/conversion?resource=${resource}`,
        )
      ).body
      if (json) world.print(JSON.stringify(told))
      else for (const line of converted(told, apply, paintFor(world.terminal))) world.print(line)
      return 0
    })
  },
})

const left = {
  nobody: 'nobody has this id any more; nothing to convert',
  'compound-identity': 'names an application besides; roles have no word for that',
} as const

function converted({ model, steps }: AccessConversion, applied: boolean, paint: Paint): string[] {
  const lines: string[] = []
  if (model === 'roles' && !applied) lines.push('This vault goes by roles already; its policies count for nothing.')
  for (const { principal, name, roles, gains, left: why } of steps) {
    const who = paint.name(name === null ? principal : shown(name))
    lines.push(
      `${who}: ${why === null ? roles.map((role) => role.name).join(', ') || 'no role' : paint.warn(left[why])}`,
    )
    if (gains.length > 0) lines.push(paint.warn(`    gains ${gains.join(', ')}`))
  }
  if (steps.length === 0) lines.push('There are no access policies.')
  if (applied) lines.push('The vault goes by roles now. Its policies are kept, and count for nothing.')
  else if (model === 'policies') lines.push('Nothing has changed. To do it: the same with --apply')
  return lines
}
