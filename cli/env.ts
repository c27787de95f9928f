import { developersOwn, environmentOf, environmentOfWorkload, loopbackNames } from '@cardea/server/environment'
import { command, data, json, Misuse } from './command.ts'
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
    workload: {
      type: 'string',
      value: 'ID',
      says: 'for the programs of a workload that runs here, by its resource id',
    },
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
    const { workload } = given
    if (workload !== undefined && !/\/providers\/Cardea\.Workload\/workloads\/[^/]+$/i.test(workload)) {
      throw new Misuse(
        '--workload is the resource id of a workload: /subscriptions/…/providers/Cardea.Workload/workloads/NAME',
      )
    }
    const own = workload === undefined ? environmentOf(folder) : environmentOfWorkload(folder, workload)
    const env =
      own.NO_PROXY === undefined
        ? own
        : { ...own, NO_PROXY: [...new Set([...directly(world), ...loopbackNames])].join(',') }
    if (!(await isRunning(folder))) throw notRunning(folder)
    if (given.json) world.print(JSON.stringify(env))
    else {
      // What an earlier command left in this shell would come before the workload's own.
      if (workload !== undefined) for (const name of developersOwn) world.print(`unset ${name}`)
      for (const [name, value] of Object.entries(env)) world.print(`export ${name}=${quoted(value)}`)
    }
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
    const own = environmentOf(folder)
    const isWorkload = env.IDENTITY_ENDPOINT !== undefined && env.IDENTITY_ENDPOINT === own.CARDEA_IDENTITY_ENDPOINT
    return [...Object.keys(own), ...(isWorkload ? ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'] : [])]
  } catch {
    return Object.keys(env).filter((name) =>
      /^(CARDEA_(DATA|DOMAIN|PORT|TENANT_ID|IDENTITY_\w+)|AZURE_\w+|ARM_CLOUD_METADATA_URL)$/.test(name),
    )
  }
}
