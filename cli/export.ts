import { featureFlagPrefix } from '@cardea/contract/appconfig/feature-flags'
import { oneOf } from '@cardea/contract/shape'
import { command, data, json, Misuse, Refusal, store, vault } from './command.ts'
import { intoNewFile } from './new-file.ts'
import { paintFor } from './print.ts'
import { withStore, withVault } from './service.ts'
import { timeFrom } from './time.ts'
import { dotenvText } from './transfer/dotenv.ts'
import { type Content, type Entry, isJson } from './transfer/entry.ts'
import { type Format, formats } from './transfer/file-source.ts'
import { patient } from './transfer/patient.ts'
import { collisions } from './transfer/plan.ts'
import { defaultTree, kvsetTree, profiles } from './transfer/profiles.ts'
import { propertiesText } from './transfer/properties.ts'
import { variableNameFor } from './transfer/secret-names.ts'
import { storeSource } from './transfer/store.ts'
import { secretsOf, vaultSource } from './transfer/vault.ts'
import { yamlText } from './transfer/yaml-tree.ts'
import type { World } from './world.ts'

export default command({
  name: 'export',
  says: 'Writes secrets or settings to a file that only its owner may read, or to standard output.',
  more: [
    'Of secrets, names and dates are written; values only with --values. A file that is there already is left as it is.',
    'What it writes of settings, "cardea import" and "az appconfig kv import" read.',
  ].join('\n'),
  takes: {},
  options: {
    from: { type: 'string', value: 'vault|store', says: 'secrets or settings', shape: oneOf('vault', 'store') },
    out: { type: 'string', value: 'FILE', says: 'a new file (default standard output)' },
    format: {
      type: 'string',
      value: formats.join('|'),
      says: 'what is written (default json)',
      shape: oneOf(...formats),
    },
    profile: {
      type: 'string',
      value: profiles.join('|'),
      says: 'the shape of settings',
      shape: oneOf(...profiles),
    },
    values: { type: 'boolean', says: 'the values of secrets too' },
    force: { type: 'boolean', says: 'show values of secrets on a screen' },
    prefix: { type: 'string', value: 'PREFIX', says: 'only what begins so; left out of the keys of appconfig/default' },
    label: { type: 'string', value: 'FILTER', says: 'which labels of settings (default those without)' },
    separator: { type: 'string', value: 'TEXT', says: 'what stands between the names of values inside values' },
    at: { type: 'string', value: 'TIME', says: 'settings as they were then' },
    vault,
    store,
    data,
    json,
  },
  examples: [
    'cardea export --from vault',
    'cardea export --from vault --values --format env --out .env',
    'cardea export --from store --separator : --format yaml --out settings.yaml',
    'cardea export --from store --profile appconfig/kvset --label "*" --at 2027-01-31T12:00:00Z --out before.json',
  ],
  async run(given, world) {
    const { from, out, prefix = '' } = given
    if (from === undefined) throw new Misuse('Secrets or settings? Say it with --from vault or --from store.')
    const format = (given.format ?? 'json') as Format
    if (from === 'store') {
      if (given.values) throw new Misuse('--values is for secrets: settings have theirs anyway.')
      const at =
        given.at === undefined ? undefined : new Date(timeFrom('--at', given.at, world.now(), 'ago')).toUTCString()
      return withStore(world, given, async (service) => {
        const chosen = { prefix, label: given.label, at }
        const kvset = given.profile === 'appconfig/kvset'
        const { entries: all } = await storeSource(patient(service, world), chosen, kvset).entries()
        // A list of names and texts has no place for flags; Azure's own tool leaves them out likewise.
        const entries =
          format === 'env' || format === 'properties'
            ? all.filter(({ name }) => !name.startsWith(featureFlagPrefix))
            : all
        const flags = all.length - entries.length
        if (flags > 0) world.tell(`${flags} feature flags are left out: ${format} has no place for them.`)
        return written(world, settingsText(kvset, format, entries, given.separator), out, entries.length, given.json)
      })
    }
    const misplaced = (['profile', 'label', 'separator', 'at'] as const).find((name) => given[name] !== undefined)
    if (misplaced !== undefined) throw new Misuse(`--${misplaced} is for settings.`)
    if (format !== 'json' && format !== 'env') throw new Misuse('Secrets are written as json or env.')
    if (!given.values && format === 'env') throw new Misuse('Without values there is nothing to write: give --values.')
    if (given.values && out === undefined && world.terminal.out && !given.force) {
      throw new Refusal('refused', 'Values would be shown on this screen.', 'Give --out FILE, or --force.')
    }
    return withVault(world, given, async (service) => {
      const vault = patient(service, world)
      if (!given.values) {
        const items = (await secretsOf(vault)).map(({ id, ...rest }) => ({
          name: id.split('/').at(-1) as string,
          ...rest,
        }))
        const chosen = items.filter(({ name }) => name.startsWith(prefix))
        return written(world, `${JSON.stringify(chosen, null, 2)}\n`, out, chosen.length, given.json)
      }
      const content = await vaultSource(vault, prefix).entries()
      const code = await written(world, secretsText(format, content), out, content.entries.length, given.json)
      for (const { name, reason } of content.withheld) world.tell(`${name} is left out: it ${reason}.`)
      return content.withheld.length > 0 ? 1 : code
    })
  },
})

function secretsText(format: 'json' | 'env', { entries }: Content): string {
  if (format === 'json') {
    return `${JSON.stringify(Object.fromEntries(entries.map(({ name, value }) => [name, value])), null, 2)}\n`
  }
  return dotenvText(asVariables(entries, ({ name, tags }) => variableNameFor(name, tags ?? {})))
}

/** With the names of variables, of which no two may be one. */
function asVariables(entries: readonly Entry[], nameOf: (entry: Entry) => string): Entry[] {
  const [clash] = collisions(entries, nameOf, ({ name }) => name)
  if (clash === undefined) return entries.map((entry) => ({ ...entry, name: nameOf(entry) }))
  throw new Misuse(`${clash[0].name} and ${clash[1]} would be the same variable.`, 'Export as JSON.')
}

function settingsText(kvset: boolean, format: Format, all: readonly Entry[], separator: string | undefined): string {
  if (kvset) {
    if (format !== 'json' && format !== 'yaml')
      throw new Misuse('The profile appconfig/kvset is written as json or yaml.')
    const tree = kvsetTree(all)
    return format === 'yaml' ? yamlText(tree) : `${JSON.stringify(tree, null, 2)}\n`
  }
  const entries = oneOfEachKey(all)
  if (format === 'env') return dotenvText(asVariables(entries, ({ name }) => variableOf(name)))
  if (format === 'properties') return propertiesText(entries)
  const tree = defaultTree(entries, separator)
  return format === 'yaml' ? yamlText(tree) : `${JSON.stringify(tree, null, 2)}\n`
}

/** As .NET reads variables: two underscores are a colon. */
const variableOf = (key: string): string => key.replaceAll(':', '__').replace(/[.\-/]/g, '_')

/** A file of this shape has no labels, so that two settings of one key must say the same. */
function oneOfEachKey(all: readonly Entry[]): Entry[] {
  const found = new Map<string, Entry>()
  for (const entry of all) {
    const other = found.get(entry.name)
    if (
      other !== undefined &&
      (other.value !== entry.value || isJson(other.contentType) !== isJson(entry.contentType))
    ) {
      throw new Misuse(
        `${entry.name} has different values under different labels.`,
        'Choose one with --label, or take all with --profile appconfig/kvset.',
      )
    }
    found.set(entry.name, other ?? entry)
  }
  return [...found.values()]
}

async function written(world: World, text: string, out: string | undefined, count: number, json: boolean): Promise<0> {
  if (out === undefined) {
    world.write(text)
    return 0
  }
  await intoNewFile(world, out, (write) => write(text))
  world.print(
    json
      ? JSON.stringify({ file: out, count })
      : `${paintFor(world.terminal).name(out)} has ${count} ${count === 1 ? 'entry' : 'entries'}`,
  )
  return 0
}
