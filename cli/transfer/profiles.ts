import { featureFlagPrefix } from '@cardea/contract/appconfig/feature-flags'
import { Misuse } from '../command.ts'
import { flagContentType } from '../content-types.ts'
import type { Content, Entry } from './entry.ts'
import { type Flattening, flattened, grown, type Tree, Written } from './tree.ts'

/** The two shapes of files that Azure's own tools write and read. */
export const profiles = ['appconfig/default', 'appconfig/kvset'] as const
export type Profile = (typeof profiles)[number]

const section = 'feature_management'
/** Where older schemas have their flags, each written as its language writes names. */
const oldSections = ['FeatureManagement', 'featureManagement', 'feature-management']

type Named = { readonly [name: string]: Tree }
const isNamed = (tree: Tree | undefined): tree is Named =>
  typeof tree === 'object' && tree !== null && !Array.isArray(tree) && !(tree instanceof Written)

/** `appconfig/default`: a tree of settings, and feature flags in a section of their own. */
export function defaultContent(tree: Tree, flattening: Flattening): Content {
  if (!isNamed(tree)) return flattened(tree, flattening)
  const apart = [section, ...oldSections]
  const rest = Object.fromEntries(Object.entries(tree).filter(([name]) => !apart.includes(name)))
  const { entries, withheld } =
    Object.keys(rest).length === 0 ? { entries: [], withheld: [] } : flattened(rest, flattening)
  const flags = oldSections.flatMap((name) => oldFlagsIn(name, tree[name]))
  return { entries: [...entries, ...flagsIn(tree[section]), ...flags], withheld }
}

function flagsIn(management: Tree | undefined): Entry[] {
  if (management === undefined) return []
  if (isNamed(management) && !('feature_flags' in management)) return oldFlagsIn(section, management)
  const flags = isNamed(management) ? (management.feature_flags ?? []) : undefined
  if (!Array.isArray(flags)) throw new Misuse(`"${section}" must have a list "feature_flags".`)
  return (flags as readonly Tree[]).map((flag, at) => {
    const id = isNamed(flag) ? flag.id : undefined
    if (typeof id !== 'string' || id === '') throw new Misuse(`${section}.feature_flags[${at}] has no id.`)
    return { name: `${featureFlagPrefix}${id}`, value: JSON.stringify(flag), contentType: flagContentType }
  })
}

/** The schema that .NET began with, and that az still writes: `"Beta": true`, or on for whom its filters say. */
function oldFlagsIn(where: string, management: Tree | undefined): Entry[] {
  if (management === undefined) return []
  if (!isNamed(management)) throw new Misuse(`"${where}" must be an object.`)
  return Object.entries(management).map(([id, told]) => {
    const bad = (what: string) => new Misuse(`${where}.${id} ${what}.`)
    const made = (enabled: boolean, conditions: object): Entry => ({
      name: `${featureFlagPrefix}${id}`,
      value: JSON.stringify({ id, enabled, conditions }),
      contentType: flagContentType,
    })
    if (typeof told === 'boolean') return made(told, { client_filters: [] })
    if (!isNamed(told)) throw bad('is neither true nor false, and has no filters')
    const filters = member(told, 'enabledfor') ?? []
    if (!Array.isArray(filters)) throw bad('has filters that are no list')
    const client = (filters as readonly Tree[]).map((filter) => {
      const name = isNamed(filter) ? member(filter, 'name') : undefined
      if (!isNamed(filter) || typeof name !== 'string') throw bad('has a filter without a name')
      return { name, parameters: member(filter, 'parameters') ?? {} }
    })
    const requirement = member(told, 'requirementtype')
    const always = client.some(({ name }) => name.toLowerCase() === 'alwayson')
    return made(client.length > 0, {
      ...(typeof requirement === 'string' && { requirement_type: requirement.toLowerCase() === 'all' ? 'All' : 'Any' }),
      client_filters: always ? [] : client,
    })
  })
}

/** A member by its name, however its language writes that: `EnabledFor`, `enabled_for`, `enabled-for`. */
const member = (tree: Named, name: string): Tree | undefined =>
  Object.entries(tree).find(([one]) => one.replace(/[-_]/g, '').toLowerCase() === name)?.[1]

/** Settings as the file of the profile `appconfig/default`: keys, and flags in a section of their own. */
export function defaultTree(entries: readonly Entry[], separator: string | undefined): Tree {
  const isFlag = ({ name }: Entry) => name.startsWith(featureFlagPrefix)
  const flags = entries.filter(isFlag).map(({ name, value }) => flagOf(name, value))
  const tree = grown(
    entries.filter((entry) => !isFlag(entry)),
    separator,
  )
  if (flags.length === 0) return tree
  if (section in tree) throw new Misuse(`A setting is named ${section}, where feature flags stand.`)
  return { ...tree, [section]: { feature_flags: flags } }
}

function flagOf(name: string, value: string): Tree {
  try {
    return JSON.parse(value) as Tree
  } catch {
    throw new Misuse(`${name} is no feature flag.`)
  }
}

/** `appconfig/kvset`: every setting with all that belongs to it. */
export function kvsetContent(tree: Tree): Content {
  const items = isNamed(tree) ? tree.items : undefined
  if (!Array.isArray(items))
    throw new Misuse('The file must have a list "items", as the profile appconfig/kvset has it.')
  const entries = (items as readonly Tree[]).map((item, at): Entry => {
    const bad = (what: string) => new Misuse(`items[${at}] ${what}.`)
    if (!isNamed(item)) throw bad('is no object')
    const { key, tags = null } = item
    if (typeof key !== 'string' || key === '') throw bad('has no key')
    const textOrNone = (name: string): string | undefined => {
      const value = item[name] ?? null
      if (value === null || typeof value === 'string') return value ?? undefined
      throw bad(`has a ${name} that is no text`)
    }
    if (tags !== null && (!isNamed(tags) || Object.values(tags).some((tag) => typeof tag !== 'string'))) {
      throw bad('has tags that are not names with texts')
    }
    return {
      name: key,
      value: textOrNone('value') ?? '',
      label: textOrNone('label'),
      contentType: textOrNone('content_type'),
      ...(tags !== null && { tags: tags as Readonly<Record<string, string>> }),
    }
  })
  return { entries, withheld: [] }
}

/** Settings as the file of the profile `appconfig/kvset`: a list of all that each of them has. */
export const kvsetTree = (entries: readonly Entry[]): Tree => ({
  items: entries.map(({ name, value, label, contentType, tags }) => ({
    key: name,
    value,
    label: label ?? null,
    content_type: contentType ?? '',
    tags: { ...tags },
  })),
})
