import type { Exposure } from '@cardea/contract/cardea/incidents'
import type { Instant } from '#base/clock.ts'
import { isWithin } from '#base/scope.ts'
import { findEntries } from '#core/audit/entries.ts'
import type { KeptEntry, Place } from '#core/audit/entry.ts'
import type { Caller } from '#core/identity/caller.ts'
import { nameKey } from '#core/objects/object.ts'
import type { Base } from '#core/perform.ts'
import { deepPartsOf, partsInVersion } from '#core/secrets/derivations.ts'
import { resourceOf } from '#core/secrets/secrets.ts'
import { namesIn, versionsOf } from '#core/secrets/state.ts'
import { vaultsIn } from '#core/vaults/vaults.ts'
import type { Question } from './incident.ts'

/** What may be known of one secret, and how that came to be. */
type Exposed = {
  readonly vault: string
  readonly name: string
  readonly exposure: Exposure
  readonly through: ReadonlySet<string>
  readonly versions: ReadonlySet<string>
  readonly met: Instant | undefined
}

/** What hands a value out, or shows that somebody had it. A backup holds every version. */
const telling: Readonly<Record<string, Exposure>> = { SecretGet: 'read', SecretSet: 'set', SecretBackup: 'read' }
const place = /\/vaults\/([^/]+)\/secrets\/([^/]+)(?:\/([0-9a-f]{32}))?$/
const pieceOfJournal = { limit: 1_000, looks: 10_000 }
/** The stronger words win where several are true. */
const strength: readonly Exposure[] = ['could-read', 'named', 'set', 'read']

/** Gathers what may be known, each secret once. A secret that was read as a part of another counts as read itself. */
class Gathering {
  readonly found = new Map<string, Exposed>()

  add(vault: string, name: string, exposure: Exposure, more: Partial<Pick<Exposed, 'through' | 'versions' | 'met'>>) {
    const key = `${vault}/${nameKey(name)}`
    const before = this.found.get(key)
    const both = <T>(a: ReadonlySet<T> | undefined, b: ReadonlySet<T> | undefined) =>
      new Set([...(a ?? []), ...(b ?? [])])
    const stronger =
      before !== undefined && strength.indexOf(before.exposure) > strength.indexOf(exposure)
        ? before.exposure
        : exposure
    const met = Math.max(before?.met ?? 0, more.met ?? 0)
    this.found.set(key, {
      vault,
      name: nameKey(name),
      exposure: stronger,
      through: both(before?.through, more.through),
      versions: both(before?.versions, more.versions),
      met: met === 0 ? undefined : met,
    })
  }
}

/** Everything that may be known, by `vault/secret`. It takes no turn: however long the journal is, nobody waits for it. */
export async function exposedTo(base: Base, question: Question, until: Instant): Promise<ReadonlyMap<string, Exposed>> {
  const gathering = new Gathering()
  const { identity, secret } = question
  if (secret !== undefined) await addNamed(base, gathering, secret)
  if (identity !== undefined) {
    await addMet(base, gathering, question, identity, until)
    if (question.couldRead) await addReadable(base, gathering, question, identity)
  }
  return gathering.found
}

/** All versions of a secret, and of what it is made of. */
async function addNamed(base: Base, gathering: Gathering, { vault, name }: { vault: string; name: string }) {
  const { read } = base.database
  gathering.add(vault, name, 'named', { versions: new Set(await versionsOf(read, vault, name)) })
  for (const part of await deepPartsOf(read, { name: vault }, name)) {
    gathering.add(vault, part, 'named', {
      through: new Set([nameKey(name)]),
      versions: new Set(await versionsOf(read, vault, part)),
    })
  }
}

/** What the journal says that an identity has read or set, each version of it. */
async function addMet(
  { database }: Base,
  gathering: Gathering,
  { scope, since }: Question,
  { objectId }: Caller,
  until: Instant,
): Promise<void> {
  const wanted = ({ operation, outcome, caller, resource }: KeptEntry) =>
    outcome === 'done' && telling[operation] !== undefined && caller.objectId === objectId && isWithin(scope, resource)
  // A program reads the same again and again: what each reading tells is looked up once.
  const met = new Map<string, KeptEntry>()
  for (let after: Place | undefined; ; ) {
    const page = await findEntries(database.read, { from: since, to: until, after }, wanted, pieceOfJournal)
    for (const entry of page.found) met.set(`${telling[entry.operation]} ${entry.resource.toLowerCase()}`, entry)
    if (page.next === undefined) break
    after = page.next
  }
  for (const { operation, resource, at } of met.values()) {
    const [, vault, name, version] = place.exec(resource.toLowerCase()) ?? []
    if (vault === undefined || name === undefined) continue
    const exposure = telling[operation] as Exposure
    const versions = version === undefined ? await versionsOf(database.read, vault, name) : [version]
    gathering.add(vault, name, exposure, { versions: new Set(versions), met: at })
    // Who set a version of a secret that is made of nothing else knows that one alone.
    for (const one of exposure === 'read' ? versions : []) {
      for (const [part, of] of await partsInVersion(database.read, { name: vault }, name, one)) {
        gathering.add(vault, part, 'read', { through: new Set([name]), versions: new Set([of]), met: at })
      }
    }
  }
}

const pageSize = 200

/** What an identity may read now; the latest versions of it. */
async function addReadable(base: Base, gathering: Gathering, { scope }: Question, caller: Caller): Promise<void> {
  const { read } = base.database
  for (const vault of await vaultsIn(read, { deleted: false })) {
    if (!isWithin(scope, vault.resourceId) && !isWithin(vault.resourceId, scope)) continue
    for (let after: string | undefined; ; ) {
      const page = await namesIn(read, vault, { after, limit: pageSize })
      for (const { name, version } of page) {
        if (!isWithin(scope, resourceOf(vault, name)) || !(await mayRead(base, caller, resourceOf(vault, name))))
          continue
        gathering.add(vault.name, name, 'could-read', { versions: new Set([version]) })
        for (const [part, of] of await partsInVersion(read, vault, name, version)) {
          gathering.add(vault.name, part, 'could-read', { through: new Set([nameKey(name)]), versions: new Set([of]) })
        }
      }
      after = page.at(-1)?.name.toLowerCase()
      if (page.length < pageSize) break
    }
  }
}

/** Whether somebody may do a thing with a secret now. */
export const may = (
  { access, database }: Base,
  { objectId, appId }: Caller,
  action: 'secrets/get' | 'rotations/run',
  resource: string,
): Promise<boolean> => access.allowsAt(database, database.epoch, { caller: { objectId, appId }, action, resource })

/** Whether somebody may read a secret now. */
export const mayRead = (base: Base, caller: Caller, resource: string): Promise<boolean> =>
  may(base, caller, 'secrets/get', resource)
