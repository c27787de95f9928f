import { join } from 'node:path'
import { developersOwn, environmentOf, environmentOfWorkload } from '@cardea/server/environment'
import { command, data, json, Misuse, Refusal } from './command.ts'
import { namesWantedIn } from './names.ts'
import { isRunning } from './running.ts'
import { quoted } from './shell.ts'
import { variablesBack, variablesFor } from './shell-environment.ts'
import { dataFolder, notRunning } from './way.ts'
import type { World } from './world.ts'

export default command({
  name: 'env',
  says: 'Prints the environment variables with which programs reach this Cardea.',
  more: [
    'They hold credentials: print them into a shell or a pipe rather than onto a shared screen. What the shell had under',
    'these names is kept in CARDEA_BEFORE, and put back by --unset.',
  ].join('\n'),
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
      const back = [...variablesBack(ownNames(folder, world), world.env)]
      // JSON has no undefined: null takes a variable away.
      if (given.json)
        world.print(JSON.stringify(Object.fromEntries(back.map(([name, value]) => [name, value ?? null]))))
      else
        for (const [name, value] of back)
          world.print(value === undefined ? `unset ${name}` : `export ${name}=${quoted(value)}`)
      return 0
    }
    const { workload } = given
    if (workload !== undefined && !/\/providers\/Cardea\.Workload\/workloads\/[^/]+$/i.test(workload)) {
      throw new Misuse(
        '--workload is the resource id of a workload: /subscriptions/…/providers/Cardea.Workload/workloads/NAME',
      )
    }
    const own = workload === undefined ? environmentOf(folder) : environmentOfWorkload(folder, workload)
    if (!(await isRunning(folder))) throw notRunning(folder)
    const env = variablesFor(own, world.env, {
      read: (path) => certificatesIn(path, world),
      keep: (name, text) => kept(join(folder, 'tls', name), text, world),
    })
    if (given.json) world.print(JSON.stringify(env))
    else {
      await tellNames(folder, own, world)
      // What an earlier command left in this shell would come before the workload's own.
      if (workload !== undefined) for (const name of developersOwn) world.print(`unset ${name}`)
      for (const [name, value] of Object.entries(env)) world.print(`export ${name}=${quoted(value)}`)
    }
    return 0
  },
})

/** Who evaluates what we print sees this beside it: without the proxy, programs go by names that a resolver has to know. */
async function tellNames(folder: string, own: Readonly<Record<string, string>>, world: World): Promise<void> {
  const wanted = namesWantedIn(folder)
  if (wanted === undefined) return
  const { hostname } = new URL(own.AZURE_KEYVAULT_URL ?? '')
  if ((await world.addressOf(hostname)) !== undefined) return
  world.tell(`${wanted} Here ${hostname} leads nowhere.`)
}

/** What can't be read adds nothing to what the shell trusts, and needn't be kept. */
function certificatesIn(path: string, { readFile }: World): string {
  try {
    return readFile(path).toString()
  } catch {
    return ''
  }
}

/** The name of the file tells what is in it, so one that is there already holds the same. */
function kept(path: string, text: string, { create, readFile }: World): string {
  try {
    using file = create(path)
    file.write(text)
    file.keep()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (readFile(path).toString() !== text)
      throw new Refusal(
        'unavailable',
        `${path} isn’t whole.`,
        'An earlier command was cut off: remove the file, and try again.',
      )
  }
  return path
}

/** What `cardea env` may have set: what the folder says, or, if that is gone, what this shell has of it. */
function ownNames(folder: string, { env }: World): string[] {
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
