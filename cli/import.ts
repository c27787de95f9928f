import { oneOf } from '@cardea/contract/shape'
import { command, data, json, Misuse, Refusal, store, vault } from './command.ts'
import { paintFor, shown } from './print.ts'
import { type Service, withStore, withVault } from './service.ts'
import { tagsIn } from './tags.ts'
import { applied } from './transfer/apply.ts'
import { appliedAtOnce } from './transfer/change-set.ts'
import { formats } from './transfer/file-source.ts'
import { patient } from './transfer/patient.ts'
import { sourceOf } from './transfer/place.ts'
import { countsOf, isToDo, type Plan, type Step } from './transfer/plan.ts'
import { planLines, undoLines } from './transfer/plan-text.ts'
import { type Profile, profiles } from './transfer/profiles.ts'
import { mapFrom } from './transfer/secret-names.ts'
import { planForStore } from './transfer/store.ts'
import { planForVault } from './transfer/vault.ts'
import type { Way } from './way.ts'
import type { World } from './world.ts'

const depthMax = 64

export default command({
  name: 'import',
  says: 'Brings secrets or settings from a file, another vault or store, or HashiCorp Vault; shows first what it would do.',
  more: [
    'SOURCE is a file (.env, .json, .yaml, .properties), "-" for standard input, vault:NAME|URL, store:NAME|URL, or',
    'kv:MOUNT/PATH of the HashiCorp Vault or OpenBao at VAULT_ADDR. Who we are at another vault or store say the usual',
    'variables with SOURCE_ before them, as SOURCE_AZURE_CLIENT_ID; no credential is ever an argument.',
    '',
    'Without --apply nothing is changed. No value is ever shown.',
  ].join('\n'),
  takes: {},
  options: {
    from: { type: 'string', value: 'SOURCE', says: 'where from' },
    to: {
      type: 'string',
      value: 'vault|store',
      says: 'what they become: secrets or settings',
      shape: oneOf('vault', 'store'),
    },
    apply: { type: 'boolean', says: 'do it' },
    plan: { type: 'boolean', says: 'only show what would be done, which is the default' },
    'skip-refused': { type: 'boolean', says: 'do the rest, though some are refused' },
    prefix: { type: 'string', value: 'PREFIX', says: 'put before each name' },
    begins: { type: 'string', value: 'PREFIX', says: 'only what begins so where it comes from' },
    strict: { type: 'boolean', says: 'delete what has --prefix and isn’t at the source, and nothing else' },
    map: { type: 'string', value: 'NAME=SECRET', multiple: true, says: 'the name of one secret; may be given again' },
    tag: { type: 'string', value: 'KEY=VALUE', multiple: true, says: 'a tag for each; may be given again' },
    label: { type: 'string', value: 'LABEL', says: 'the label of the settings' },
    'source-label': { type: 'string', value: 'FILTER', says: 'which labels of another store (default those without)' },
    separator: { type: 'string', value: 'TEXT', says: 'what stands between the names of values inside values' },
    depth: { type: 'string', value: 'COUNT', says: 'how deep into values inside values (default to the ground)' },
    'content-type': { type: 'string', value: 'TYPE', says: 'what the values of a file are' },
    format: {
      type: 'string',
      value: formats.join('|'),
      says: 'what the file is, if its name doesn’t say',
      shape: oneOf(...formats),
    },
    profile: {
      type: 'string',
      value: profiles.join('|'),
      says: 'the shape of the file',
      shape: oneOf(...profiles),
    },
    vault,
    store,
    data,
    json,
  },
  examples: [
    'cardea import --from .env --to vault',
    'cardea import --from .env --to vault --apply',
    'cardea import --from settings.json --to store --separator : --prefix Shop: --strict --apply',
    'cardea import --from kv:secret/orders --to vault --prefix orders-',
    'SOURCE_AZURE_APPCONFIG_CONNECTION_STRING=… cardea import --from store: --to store',
  ],
  async run(given, world) {
    const { from, prefix = '' } = given
    if (from === undefined) throw new Misuse('From where? Give it with --from.', 'See: cardea help import')
    if (given.apply && given.plan) throw new Misuse('Either --plan or --apply.')
    if (given.strict && prefix === '') {
      throw new Misuse('--strict deletes what has a prefix and isn’t at the source: give the --prefix that is yours.')
    }
    const to = given.to ?? (/^(vault|kv):/.test(from) ? 'vault' : from.startsWith('store:') ? 'store' : undefined)
    if (to === undefined) throw new Misuse('Secrets or settings? Say it with --to vault or --to store.')
    if (to === 'store' && /^(vault|kv):/.test(from)) {
      throw new Misuse(
        'Secrets don’t become settings, which many may read.',
        'Point at them: cardea setting set KEY --reference SECRET',
      )
    }
    const map = mapFrom(given.map)
    const tags = tagsIn(given.tag)
    const work = async (service: Service, way: Way) => {
      using opened = new DisposableStack()
      const source = await sourceOf(
        world,
        way,
        {
          from,
          format: given.format,
          profile: given.profile as Profile | undefined,
          flattening: {
            // A secret's name has room for every way through a tree; a key's shape is its owner's to choose.
            separator: given.separator ?? (to === 'vault' ? '/' : undefined),
            depth: depthFrom(given.depth),
            contentType: given['content-type'],
          },
          begins: given.begins ?? (given.profile === 'appconfig/kvset' ? prefix : ''),
          label: given['source-label'],
          at: undefined,
        },
        opened,
      )
      const content = await source.entries()
      if (given.strict && content.entries.length === 0) {
        throw new Refusal(
          'refused',
          `There is nothing in ${source.says}, and --strict would delete all of ${prefix}.`,
          'Look at --from and --begins; or leave --strict out.',
        )
      }
      const target = patient(service, world)
      const plan =
        to === 'vault'
          ? await planForVault(target, content, { prefix, map, tags, strict: given.strict })
          : await planForStore(target, content, {
              prefix,
              label: given.label,
              tags,
              strict: given.strict,
              whole: given.profile === 'appconfig/kvset',
            })
      const about = { source: source.says, target: target.origin, to: to as 'vault' | 'store' }
      return given.apply ? await done(world, about, target, plan, given) : shownPlan(world, about, plan, given.json)
    }
    return to === 'vault' ? withVault(world, given, work) : withStore(world, given, work)
  },
})

type About = { readonly source: string; readonly target: string; readonly to: 'vault' | 'store' }

function depthFrom(given: string | undefined): number {
  if (given === undefined) return depthMax
  const depth = Number(given)
  if (!/^\d{1,2}$/.test(given) || depth < 1 || depth > depthMax)
    throw new Misuse(`--depth must be from 1 to ${depthMax}.`)
  return depth
}

const told = ({ what, from, name, label, reason, before }: Step): Step => ({ what, from, name, label, reason, before })

function shownPlan(world: World, { source, target }: About, plan: Plan, json: boolean) {
  const { refused } = countsOf(plan)
  if (json)
    world.print(JSON.stringify({ source, target, applied: false, counts: countsOf(plan), steps: plan.map(told) }))
  else {
    const paint = paintFor(world.terminal)
    if (plan.length === 0) world.print(`There is nothing in ${source}.`)
    for (const line of planLines(plan, paint)) if (line !== '') world.print(line)
    world.print(plan.some(isToDo) ? 'Nothing has changed. To do it: the same with --apply' : 'There is nothing to do.')
  }
  return refused > 0 ? 1 : 0
}

type How = { readonly 'skip-refused': boolean; readonly json: boolean }

async function done(world: World, { source, target, to }: About, service: Service, plan: Plan, how: How) {
  const { refused, same } = countsOf(plan)
  if (refused > 0 && !how['skip-refused']) {
    const lines = planLines(
      plan.filter(({ what }) => what === 'refused'),
      paintFor({ colours: false }),
    )
    if (!how.json) for (const line of lines) world.tell(line)
    throw new Refusal(
      'refused',
      `${refused} can't be brought over, so nothing was changed.`,
      'Look at them with --plan; to do the rest all the same: --skip-refused',
    )
  }
  const toDo = plan.filter(isToDo).length
  const atOnce =
    to === 'store' ? await appliedAtOnce(service, plan, `cardea import from ${source}`.slice(0, 1024)) : undefined
  const results = atOnce?.done ?? (await applied(plan, world, world.stopping()))
  const { changeSets = [], trouble = null } = atOnce ?? {}
  const failed = results.filter((one) => one.failed !== null)
  const left = toDo - results.length
  if (how.json) {
    const steps = results.map((one) => ({ ...told(one), after: one.after, failed: one.failed }))
    world.print(
      JSON.stringify({ source, target, applied: true, counts: countsOf(plan), left, trouble, changeSets, steps }),
    )
  } else {
    const paint = paintFor(world.terminal)
    for (const line of undoLines(results, to, paint)) world.print(line)
    for (const { name, failed: why } of failed) world.tell(`${paint.bad(shown(name))}: ${why}`)
    const already = same > 0 ? `; ${same} were the same already` : ''
    world.print(`${results.length - failed.length} of ${toDo} are done in ${target}${already}`)
    if (changeSets.length === 1) world.print('All in one step, so that nobody saw half of it.')
    for (const id of changeSets) world.print(`It is undone with: cardea changeset undo ${id}`)
    if (trouble !== null) world.tell(paint.bad(shown(trouble)))
    if (left > 0) world.print(`${left} are left: the same command goes on with them.`)
  }
  return failed.length > 0 || left > 0 ? 1 : 0
}
