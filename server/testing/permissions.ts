import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Action, actions, kindOf } from '@cardea/contract/actions'
import type { Operation } from '@cardea/contract/operation'
import { builtInRoleList, type RoleDefinition } from '@cardea/contract/roles'

/**
 * Which built-in role allows which operation, by an evaluation of its own: it follows Azure's documentation of role
 * definitions word for word, and knows nothing of how the server decides. `npm run permissions` writes the page that is
 * made of it.
 */
const root = join(import.meta.dirname, '../..')
const page = join(root, 'docs/permissions.md')

type Declared = { readonly plane: string; readonly operation: Operation }

const isOperation = (thing: unknown): thing is Operation =>
  typeof thing === 'object' && thing !== null && 'action' in thing && 'path' in thing && 'id' in thing

/** Every operation of the treaty, with the folder of the contract that declares it. */
export async function everyOperation(): Promise<Declared[]> {
  const found = new Map<string, Declared>()
  for (const file of globSync('contract/*/*.ts', { cwd: root }).sort()) {
    const module = (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>
    for (const operation of Object.values(module).filter(isOperation)) {
      found.set(operation.id, { plane: dirname(file).slice('contract/'.length), operation })
    }
  }
  return [...found.values()]
}

/** "The wildcard character is expanded to any characters"; the names of operations are compared without case. */
const fits = (pattern: string, action: string): boolean => {
  const parts = pattern.toLowerCase().split('*')
  const text = action.toLowerCase()
  if (parts.length === 1) return parts[0] === text
  const [first = '', last = ''] = [parts.at(0), parts.at(-1)]
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let from = first.length
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from)
    if (at < 0 || at + part.length > text.length - last.length) return false
    from = at + part.length
  }
  return true
}

/** "Effective permissions are those of Actions without NotActions, and of DataActions without NotDataActions." */
export function documentedRight(role: RoleDefinition, action: Action): boolean {
  const [given, taken] = {
    management: [role.actions, role.notActions],
    data: [role.dataActions, role.notDataActions],
    directory: [role.directoryActions, [] as readonly string[]],
  }[kindOf(action)] as [readonly string[], readonly string[]]
  const named = (pattern: string) => fits(pattern, actions[action])
  return given.some(named) && !taken.some(named)
}

const titles: Record<string, string> = {
  vault: 'Secrets and keys',
  appconfig: 'Settings',
  cardea: 'What Azure has no word for',
  management: 'Managing resources',
  directory: 'The directory',
}

/** The page. */
export async function permissionsPage(): Promise<string> {
  const all = await everyOperation()
  const lines = [
    '# Which role allows what',
    '',
    'Made by `npm run permissions` from the treaty and the built-in roles; a test holds it to them. A role counts when it is',
    'assigned at the resource that the operation is about, or above it: at its vault or store, its group, the subscription.',
    'A role marked with * assigns under a condition: only the data roles of vaults.',
  ]
  for (const plane of [...new Set(all.map((one) => one.plane))].sort()) {
    lines.push('', `## ${titles[plane] ?? plane}`, '', '| Operation | Request | Needs | Roles |', '|---|---|---|---|')
    for (const { operation } of all.filter((one) => one.plane === plane)) {
      const { id, method, path, scoped, action } = operation
      const request = `${method} ${scoped === true ? '{scope}' : ''}${path}`
      const roles = builtInRoleList.filter((role) => documentedRight(role, action))
      const names = roles.map(({ name, condition }) => (condition === undefined ? name : `${name}*`))
      lines.push(`| ${id} | \`${request}\` | \`${actions[action]}\` | ${names.join(', ')} |`)
    }
  }
  return `${lines.join('\n')}\n`
}

export const writtenPage = (): string => readFileSync(page, 'utf8')

if (process.argv[1] === import.meta.filename) writeFileSync(page, await permissionsPage())
