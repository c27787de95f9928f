import type { Reader } from '@cardea/contract/cardea/journal'
import { command, data, json, secret, vault } from './command.ts'
import { paintFor, shown, table, when } from './print.ts'
import { type Service, withVault } from './service.ts'

export default command({
  name: 'secret readers',
  says: 'Shows who read a secret: which version, when last, and how often.',
  more: 'It is gathered from the journal, some seconds after a reading.',
  takes: { name: secret },
  options: { vault, data, json },
  examples: ['cardea secret readers db-password'],
  async run({ name, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const readers = await readersOf(vault, name)
      if (json) world.print(JSON.stringify(readers))
      else if (readers.length === 0) world.print(`Nobody has read ${name} yet.`)
      else {
        const paint = paintFor(world.terminal.colours)
        const rows = readers.map(({ version, objectId, appId, lastRead, address, times }) => [
          paint.name(version),
          shown(appId || objectId),
          when(lastRead, world.now()),
          String(times),
          shown(address),
        ])
        const heads = [
          { head: 'VERSION' },
          { head: 'WHO' },
          { head: 'LAST' },
          { head: 'TIMES', right: true },
          { head: 'FROM' },
        ]
        for (const line of table(paint, heads, rows)) world.print(line)
      }
      return 0
    })
  },
})

export async function readersOf(vault: Service, name: string): Promise<readonly Reader[]> {
  const { body } = await vault.ask('GET', `/.cardea/secrets/${encodeURIComponent(name)}/readers`)
  return body.value as readonly Reader[]
}
