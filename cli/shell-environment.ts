import { createHash } from 'node:crypto'
import { bypasses, proxyFrom } from '@cardea/client/proxy'
import { developersOwn, loopbackNames } from '@cardea/server/environment'

/**
 * What a shell is given so that its programs reach a Cardea, beside what the shell had already: its own authorities stay
 * trusted, what it reaches without a proxy stays so, and everything comes back when Cardea's variables are taken away.
 */
export type Variables = Readonly<Record<string, string>>
type Shell = Readonly<Record<string, string | undefined>>

/** Holds, as JSON, what the shell had under the names that were given to it. */
const beforeName = 'CARDEA_BEFORE'

/** Some programs take these rather than their namesakes in capitals (curl, Python's requests). */
const namesakes = { HTTPS_PROXY: 'https_proxy', NO_PROXY: 'no_proxy' } as const

/** Each names one file with certificates, so ours would take the place of the shell's. */
const trusting = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE'] as const

type Files = {
  /** The certificates of a file; none where it can't be read. */
  read(path: string): string
  /** Keeps certificates under a name that tells them apart, and gives the path. */
  keep(name: string, text: string): string
}

/** What to export: Cardea's own variables, brought together with the shell's. */
export function variablesFor(own: Variables, shell: Shell, files: Files): Variables {
  const before = beforeIn(shell) ?? heldOf([...Object.keys(own), ...developersOwn, ...Object.values(namesakes)], shell)
  const exported = { ...own }
  if (own.NO_PROXY !== undefined) {
    const direct = [...directly(shell).filter((entry) => !hides(entry, own.CARDEA_DOMAIN ?? '')), ...loopbackNames]
    exported.NO_PROXY = [...new Set(direct)].join(',')
  }
  for (const [name, namesake] of Object.entries(namesakes)) {
    const value = exported[name]
    if (value !== undefined && shell[namesake] !== undefined) exported[namesake] = value
  }
  for (const name of trusting) {
    const [ours, theirs] = [own[name], before[name]]
    if (ours === undefined || theirs === undefined || theirs === ours) continue
    const more = files.read(theirs).trim()
    if (more === '') continue
    const both = `${files.read(ours).trim()}\n${more}\n`
    exported[name] = files.keep(`shell-${createHash('sha256').update(both).digest('hex').slice(0, 16)}.pem`, both)
  }
  return Object.keys(before).length === 0 ? exported : { ...exported, [beforeName]: JSON.stringify(before) }
}

/** What makes a shell what it was: a value for what it had, nothing for what is taken away. */
export function variablesBack(names: readonly string[], shell: Shell): ReadonlyMap<string, string | undefined> {
  const before = beforeIn(shell) ?? {}
  const back = new Map<string, string | undefined>(names.map((name) => [name, before[name]]))
  for (const [name, value] of Object.entries(before)) back.set(name, value)
  const direct = directly(shell).filter((entry) => !(loopbackNames as readonly string[]).includes(entry))
  if (back.has('NO_PROXY') && before.NO_PROXY === undefined && before.no_proxy === undefined && direct.length > 0)
    back.set('NO_PROXY', direct.join(','))
  if (shell[beforeName] !== undefined) back.set(beforeName, undefined)
  return back
}

/** What a shell had before it was given Cardea's variables; nothing where it wasn't, whoever set some of them by hand. */
export function beforeIn(shell: Shell): Variables | undefined {
  // Nobody but us sets this one.
  if (shell.CARDEA_TENANT_ID === undefined) return undefined
  try {
    const kept: unknown = JSON.parse(shell[beforeName] ?? '{}')
    if (typeof kept !== 'object' || kept === null) return {}
    return Object.fromEntries(
      Object.entries(kept).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    )
  } catch {
    return {}
  }
}

/** What a shell reaches without a proxy, as its programs may read it. */
export const directly = (shell: Shell): readonly string[] => [
  ...new Set([shell.NO_PROXY, shell.no_proxy].flatMap((entries) => proxyFrom({ NO_PROXY: entries }).bypass)),
]

/** Whether an entry of `NO_PROXY` leads past the proxy to names that only the proxy knows. */
export const hides = (entry: string, domain: string): boolean =>
  bypasses([entry], `login.${domain}`, 443) || entry.replace(/:\d+$/, '').endsWith(`.${domain}`)

const heldOf = (names: readonly string[], shell: Shell): Variables =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = shell[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
