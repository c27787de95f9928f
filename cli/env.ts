import { environmentOf, loopbackNames } from '@cardea/server/environment'
import { command, data, json } from './command.ts'
import { isRunning } from './running.ts'
import { dataFolder, notRunning } from './service.ts'
import { quoted } from './shell.ts'
import type { World } from './world.ts'

export default command({
  name: 'env',
  says: 'Prints the environment variables with which programs reach this Cardea.',
  more: 'They hold credentials: print them into a shell or a pipe rather than onto a shared screen.',
  takes: {},
  options: {
    unset: { type: 'boolean', says: 'print what takes them back' },
    data,
    json,
  },
  examples: ['eval "$(cardea env)"', 'eval "$(cardea env --unset)"', 'cardea env --json > cardea-env.json'],
  async run(given, world) {
    const folder = dataFolder(given.data, world)
    if (given.unset) {
      const kept = directly(world).filter((name) => !(loopbackNames as readonly string[]).includes(name))
      for (const name of unsetNames(folder, world)) {
        world.print(
          name === 'NO_PROXY' && kept.length > 0 ? `export NO_PROXY=${quoted(kept.join(','))}` : `unset ${name}`,
        )
      }
      return 0
    }
    const own = environmentOf(folder)
    const env =
      own.NO_PROXY === undefined
        ? own
        : { ...own, NO_PROXY: [...new Set([...directly(world), ...loopbackNames])].join(',') }
    if (!(await isRunning(folder))) throw notRunning(folder)
    if (given.json) world.print(JSON.stringify(env))
    else for (const [name, value] of Object.entries(env)) world.print(`export ${name}=${quoted(value)}`)
    return 0
  },
})

/** What this shell reaches without a proxy as it is. */
const directly = ({ env }: World): string[] =>
  (env.NO_PROXY ?? env.no_proxy ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/** What `cardea env` may have set: what the folder says, or, if that is gone, what this shell has of it. */
function unsetNames(folder: string, { env }: World): string[] {
  try {
    return Object.keys(environmentOf(folder))
  } catch {
    return Object.keys(env).filter((name) =>
      /^(CARDEA_(DATA|DOMAIN|PORT|TENANT_ID|IDENTITY_\w+)|AZURE_\w+|ARM_CLOUD_METADATA_URL)$/.test(name),
    )
  }
}
