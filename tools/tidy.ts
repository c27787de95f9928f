import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the repository promises about its own shape, as functions over its files; `tidy.test.ts` holds it to them. */

/** The house, from the roof down. A file may import from its own floor and from any floor under it. */
export const floors = [
  'server/main.ts',
  'server/planes',
  'server/workers',
  'server/core',
  'server/base',
  'contract',
] as const

/** The rooms of core, in the order they stand: each may use those after it. */
export const rooms = [
  'installation',
  'alerts',
  'diagnostics',
  'incidents',
  'resources',
  'rotation',
  'consumers',
  'certificates',
  'keys',
  'secrets',
  'configuration',
  'objects',
  'vaults',
  'directory',
  'journal',
  'perform.ts',
  'access',
  'audit',
  'identity',
  'events',
  'subscriptions',
  'schedule',
  'quotas',
  'locks',
  'sealing',
] as const

/** Who else may know whom: what stands beside the server meets it over HTTP only, or starts it. */
const apart: Record<string, readonly string[]> = {
  contract: ['contract'],
  client: ['client', 'contract'],
  providers: ['providers', 'contract'],
  server: ['server', 'contract', 'providers'],
  tools: ['tools'],
}

/** The rules: what is and what may happen to it. No clock, no database, nothing of Node. */
const pure = [
  'server/core/access/condition.ts',
  'server/core/access/expression.ts',
  'server/core/access/grant.ts',
  'server/core/access/policy.ts',
  'server/core/access/words.ts',
  'server/core/audit/entry.ts',
  'server/core/certificates/certificate.ts',
  'server/core/certificates/policy.ts',
  'server/core/configuration/change-set.ts',
  'server/core/configuration/flag.ts',
  'server/core/configuration/setting.ts',
  'server/core/configuration/snapshot.ts',
  'server/core/events/event.ts',
  'server/core/incidents/incident.ts',
  'server/core/identity/application.ts',
  'server/core/identity/caller.ts',
  'server/core/identity/entry.ts',
  'server/core/identity/federated-credential.ts',
  'server/core/identity/principal.ts',
  'server/core/journal/reading.ts',
  'server/core/keys/key.ts',
  'server/core/keys/rotation-policy.ts',
  'server/core/locks/lock.ts',
  'server/core/objects/object.ts',
  'server/core/rotation/calendar.ts',
  'server/core/rotation/cron.ts',
  'server/core/rotation/machine.ts',
  'server/core/rotation/plan.ts',
  'server/core/rotation/policy.ts',
  'server/core/secrets/secret.ts',
  'server/core/secrets/template.ts',
  'server/core/subscriptions/cloud-event.ts',
  'server/core/subscriptions/filter.ts',
  'server/core/subscriptions/subscription.ts',
  'server/core/vaults/vault.ts',
]

export type Import = { readonly file: string; readonly to: string; readonly typeOnly: boolean }

const packages = '{server,contract,providers,client,cli,conformance,bench,tools}'

export const sourceFiles = (root: string): string[] =>
  globSync(`${packages}/**/*.ts`, { cwd: root, exclude: (name) => name === 'node_modules' })

export const isTest = (file: string): boolean => /\.test\.ts$|-behaves\.ts$|\/testing\//.test(file)

/** Every import of a file, resolved to a path in the repository where it is ours. */
export function importsOf(file: string, text: string): Import[] {
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm)
  return [...found].map(([, typeOnly, from, bare]) => ({
    file,
    to: place(file, (from ?? bare) as string),
    typeOnly: typeOnly !== undefined,
  }))
}

function place(file: string, to: string): string {
  if (to.startsWith('#')) return `server/${to.slice(1)}`
  if (to.startsWith('@cardea/'))
    return to === '@cardea/client' ? 'client/index.ts' : `${to.slice('@cardea/'.length)}.ts`
  return to.startsWith('.') ? join(dirname(file), to) : to
}

export const allImports = (root: string): Import[] =>
  sourceFiles(root)
    .filter((file) => !isTest(file))
    .flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))

const stand = (order: readonly string[], path: string): number =>
  order.findIndex((name) => path === name || path.startsWith(`${name}/`))

const list = (found: readonly Import[]): string[] => found.map(({ file, to }) => `${file} -> ${to}`)

/** Imports that climb from a floor to one above it. */
export const upward = (imports: readonly Import[]): string[] =>
  list(imports.filter(({ file, to }) => stand(floors, to) >= 0 && stand(floors, to) < stand(floors, file)))

/** Imports of a room of core by a room that stands after it. */
export function backward(imports: readonly Import[]): string[] {
  const order = rooms.map((room) => `server/core/${room}`)
  return list(imports.filter(({ file, to }) => stand(order, to) >= 0 && stand(order, to) < stand(order, file)))
}

/** Rooms of core that nobody has given a place. */
export function homeless(files: readonly string[]): string[] {
  const order = rooms.map((room) => `server/core/${room}`)
  return files.filter((file) => file.startsWith('server/core/') && stand(order, file) < 0)
}

/** Rows opened by another room than their own. */
export const foreignRows = (imports: readonly Import[]): string[] =>
  list(imports.filter(({ file, to }) => to.endsWith('-rows.ts') && dirname(file) !== dirname(to)))

/** Rules that know more than they should. */
export const impure = (imports: readonly Import[]): string[] =>
  list(
    imports.filter(
      ({ file, to, typeOnly }) =>
        pure.includes(file) &&
        !typeOnly &&
        (to.startsWith('node:') ||
          to.endsWith('-rows.ts') ||
          to === 'server/base/sql.ts' ||
          to === 'server/core/perform.ts'),
    ),
  )

/** Imports of a package by one that may only meet it over HTTP. */
export const trespassing = (imports: readonly Import[]): string[] =>
  list(
    imports.filter(({ file, to }) => {
      const allowed = apart[file.split('/', 1)[0] as string]
      const target = to.split('/', 1)[0] as string
      return (
        allowed !== undefined && target in { ...apart, cli: 0, bench: 0, conformance: 0 } && !allowed.includes(target)
      )
    }),
  )

/** Chains of imports that lead back to where they began; types alone make no loop at run time, but one in the head. */
export function loops(imports: readonly Import[]): string[] {
  const next = Map.groupBy(imports, ({ file }) => file)
  const settled = new Set<string>()
  const found: string[] = []
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) return void found.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (settled.has(file)) return
    for (const { to } of next.get(file) ?? []) walk(to, [...path, file])
    settled.add(file)
  }
  for (const file of next.keys()) walk(file, [])
  return found
}
