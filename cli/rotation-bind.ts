import type { RotationView } from '@cardea/contract/cardea/rotations'
import { command, data, json, Misuse, vault } from './command.ts'
import { durationFrom } from './duration.ts'
import { paintFor } from './print.ts'
import { describe, rotationPath } from './rotation-view.ts'
import { withVault } from './service.ts'
import { fileContent } from './value.ts'
import type { World } from './world.ts'

export default command({
  name: 'rotation bind',
  says: 'Binds a secret to the system that accepts it, and says how often it rotates there.',
  more: [
    'A binding for postgres, two roles that take turns (admin is the secret with the administrator’s URI):',
    '  {"host":"db.internal","port":5432,"database":"shop","admin":"shop-admin",',
    '   "owner":"shop_owner","roles":["shop_a","shop_b"]}',
  ].join('\n'),
  takes: { name: { says: 'the secret' } },
  options: {
    provider: { type: 'string', value: 'PROVIDER', says: 'which one: postgres or random' },
    binding: { type: 'string', value: 'FILE|-', says: 'where and what, as JSON; - reads standard input (default {})' },
    interval: { type: 'string', value: 'TIME', says: 'how often, as 90d or 12h (default: only on demand)' },
    grace: { type: 'string', value: 'TIME', says: 'how long the old credential waits for consumers that lag' },
    'no-scrub': { type: 'boolean', says: 'leave the old credential valid at the end' },
    vault,
    data,
    json,
  },
  examples: ['cardea rotation bind orders-db --provider postgres --binding orders-db.json --interval 90d --grace 1d'],
  async run(given, world) {
    if (given.provider === undefined)
      throw new Misuse('rotation bind needs --provider PROVIDER.', 'There are: postgres, random.')
    const policy = {
      provider: given.provider,
      binding: given.binding === undefined ? {} : await jsonFrom(given.binding, world),
      intervalSeconds: given.interval === undefined ? null : durationFrom('--interval', given.interval),
      ...(given.grace !== undefined && { graceSeconds: durationFrom('--grace', given.grace) }),
      ...(given['no-scrub'] && { scrub: false }),
    }
    return withVault(world, given, async (vault) => {
      const { body } = await vault.ask('PUT', rotationPath(given.name), policy)
      if (given.json) world.print(JSON.stringify(body))
      else {
        const paint = paintFor(world.terminal.colours)
        for (const line of describe(body as RotationView, paint, world.now())) world.print(line)
        world.print(`\nRotate it now with: cardea rotate ${given.name}`)
      }
      return 0
    })
  },
})

async function jsonFrom(file: string, world: World): Promise<unknown> {
  const bytes = file === '-' ? await world.read() : fileContent(world, file)
  try {
    return JSON.parse(bytes.toString())
  } catch {
    throw new Misuse('--binding is not JSON.')
  }
}
