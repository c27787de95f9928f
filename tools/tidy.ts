import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the repository promises about its own shape, as functions over its files; `tidy.test.ts` holds it to them. */

/** The house, from the roof down. A file may import from its own floor and from any floor under it. */
const floors = [
  'server/main.ts',
  'server/environment.ts',
  'server/certificate.ts',
  'server/offline',
  'server/settings.ts',
  'server/rotation-settings.ts',
  'server/settings-reader.ts',
  'server/planes',
  'server/workers',
  'server/core',
  'server/base',
  'contract',
] as const

/** The rooms of core, in the order they stand: each may use those after it. */
const rooms = [
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

export const packages = ['server', 'contract', 'providers', 'client', 'cli', 'conformance', 'bench', 'tools'] as const

/**
 * What a package may know besides itself; the first line that fits a file holds for it. Who begins a server or looks into its files does
 * so by these doors, and meets it over HTTP otherwise.
 */
const apart: readonly (readonly [who: string, knows: readonly string[]])[] = [
  ['contract', []],
  ['client', ['contract']],
  ['providers', ['contract']],
  ['server/main.ts', ['contract', 'providers/providers.ts']],
  ['server', ['contract']],
  [
    'cli',
    [
      ...['client', 'contract', 'tools/servers/postgres.ts'],
      ...['server/main.ts', 'server/settings.ts', 'server/environment.ts', 'server/offline'],
      ...['server/base/heap.ts', 'server/base/plain-log.ts', 'server/planes/http/connect-proxy.ts'],
    ],
  ],
  [
    'conformance',
    [
      ...['contract', 'tools/servers', 'providers/testing', 'server/testing'],
      ...['server/main.ts', 'server/settings.ts', 'server/base/heap.ts', 'server/base/clock.ts'],
    ],
  ],
  [
    'bench',
    [
      ...['contract', 'conformance/server-process.ts', 'conformance/ask.ts'],
      ...['server/base/root-key.ts', 'server/base/seal.ts'],
    ],
  ],
  ['tools', []],
]

/** The rules: what is and what may happen to it. No clock, no database, nothing of Node. */
const pure = [
  'server/core/access/condition.ts',
  'server/core/access/expression.ts',
  'server/core/access/grant.ts',
  'server/core/access/policy.ts',
  'server/core/access/sound-role.ts',
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
  'server/core/subscriptions/asked-filter.ts',
  'server/core/subscriptions/cloud-event.ts',
  'server/core/subscriptions/filter.ts',
  'server/core/subscriptions/subscription.ts',
  'server/core/vaults/managed.ts',
  'server/core/vaults/store.ts',
  'server/core/vaults/vault.ts',
]

/** A file, and what it says. */
export type Source = { readonly file: string; readonly text: string }
export type Import = { readonly file: string; readonly to: string; readonly typeOnly: boolean }

export const sourceFiles = (root: string): string[] =>
  globSync(`{${packages.join()}}/**/*.{ts,js}`, { cwd: root, exclude: (name) => name === 'node_modules' })

export const isTest = (file: string): boolean => /\.test\.ts$|-behaves\.ts$|\/testing\//.test(file)

/** The forms of an import: with names, for its effect alone, while it runs or as a type, and where a program is only looked for. */
const forms = [
  /^(?:import|export)\s+(?<type>type\s)?[^'";]*?from\s+'(?<from>[^']+)'/gm,
  /^import\s+'(?<from>[^']+)'/gm,
  /(?<type>typeof\s+)?\bimport\('(?<from>[^']+)'\)/g,
  /\bimport\.meta\.resolve\('(?<from>[^']+)'\)/g,
]

/** Every import of a file, resolved to a path in the repository where it is ours. */
export const importsOf = (file: string, text: string): Import[] =>
  forms.flatMap((form) =>
    [...text.matchAll(form)].map(({ groups: { type, from } = {} }) => ({
      file,
      to: place(file, from as string),
      typeOnly: type !== undefined,
    })),
  )

/** Where an import leads: a path in the repository, or the name of a package or of a part of Node. */
export function place(file: string, to: string): string {
  if (to.startsWith('#')) return `server/${to.slice(1)}`
  if (to.startsWith('@cardea/'))
    return to === '@cardea/client' ? 'client/index.ts' : `${to.slice('@cardea/'.length)}.ts`
  return to.startsWith('.') ? join(dirname(file), to) : to
}

export const allImports = (root: string): Import[] =>
  sourceFiles(root).flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))

/** Those of what is run; tests may know everybody. */
export const atWork = (imports: readonly Import[]): Import[] => imports.filter(({ file }) => !isTest(file))

const lies = (path: string, within: string): boolean => path === within || path.startsWith(`${within}/`)

const stand = (order: readonly string[], path: string): number => order.findIndex((name) => lies(path, name))

const list = (found: readonly Import[]): string[] => found.map(({ file, to }) => `${file} -> ${to}`)

/** Imports that climb from a floor to one above it. */
export const upward = (imports: readonly Import[]): string[] =>
  list(imports.filter(({ file, to }) => stand(floors, to) >= 0 && stand(floors, to) < stand(floors, file)))

/** Imports of a room of core by a room that stands after it. */
export function backward(imports: readonly Import[]): string[] {
  const order = rooms.map((room) => `server/core/${room}`)
  return list(imports.filter(({ file, to }) => stand(order, to) >= 0 && stand(order, to) < stand(order, file)))
}

/** Files of the server on no floor, and rooms of core that nobody has given a place. */
export function homeless(files: readonly string[]): string[] {
  const order = rooms.map((room) => `server/core/${room}`)
  return files.filter((file) => {
    if (!lies(file, 'server') || isTest(file)) return false
    return lies(file, 'server/core') ? stand(order, file) < 0 : stand(floors, file) < 0
  })
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

/** Rules that are listed as such and are gone: nobody would look after what took their place. */
export const lostRules = (files: readonly string[]): string[] => pure.filter((rule) => !files.includes(rule))

/** Imports of another package by a door that isn't there for it. */
export const trespassing = (imports: readonly Import[]): string[] =>
  list(
    imports.filter(({ file, to }) => {
      const own = packageOf(file)
      const [, knows] = apart.find(([who]) => lies(file, who)) ?? []
      const other = packageOf(to)
      return other !== undefined && other !== own && !knows?.some((door) => lies(to, door))
    }),
  )

export const packageOf = (path: string): string | undefined => packages.find((name) => lies(path, name))

/** The promises of SECURITY.md whose number stands in no test's name. `tests`: what the test files say. */
export function untested(security: string, tests: readonly string[]): string[] {
  const promises = [...security.matchAll(/^\| (P\d+) \|/gm)].map(([, number]) => number as string)
  const names = tests.flatMap((text) =>
    [...text.matchAll(/\b(?:it|describe)\(\s*(['`])(.*?)\1/gs)].map(([, , name]) => name),
  )
  return promises.filter((number) => !names.some((name) => new RegExp(`\\b${number}\\b`).test(name as string)))
}

/**
 * Test files that open what their tests share where the runner doesn't wait for it: in a `before` of the file, or after the first
 * test. When a run chooses none of the tests, `after` comes first then, and what is opened after it is never closed.
 */
export const openedLate = (tests: readonly Source[]): string[] =>
  tests
    .filter(({ text }) => {
      const first = text.search(/^(?:describe|it|\w+Behaves)\(/m)
      return /^before\(/m.test(text) || (first >= 0 && /^(?:(?:const|let) .*= )?await /m.test(text.slice(first)))
    })
    .map(({ file }) => file)

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
