import type { IncidentItem, IncidentView } from '@cardea/contract/cardea/incidents'
import { inSeconds, inSecondsOrNull } from '#base/clock.ts'
import { principalById } from '#core/identity/directory.ts'
import type { Incident, Item, Question } from '#core/incidents/incident.ts'
import type { Asked } from '#core/incidents/incidents.ts'
import type { Sight } from '#core/perform.ts'

type Given = {
  readonly identity: string | undefined
  readonly secret: { readonly vault: string; readonly name: string } | undefined
  readonly since: number | undefined
  readonly couldRead: boolean | undefined
  readonly disable: boolean | undefined
}

/** The treaty's words into ours. */
export const askedFrom = ({ identity, secret, since, couldRead = false, disable = false }: Given): Asked => ({
  ...{ identity, secret, couldRead, disable },
  since: since === undefined ? undefined : since * 1000,
})

type Told = Omit<Incident, 'id' | 'state'> & { readonly id: string | null; readonly state: IncidentView['state'] }

type Reading = Pick<Sight<never>, 'sql' | 'keyring'>

/** Ours into the treaty's: names, versions and times; never a value. */
export async function incidentViewOf(reading: Reading, incident: Told): Promise<IncidentView> {
  const { id, state, question, started, ended, stillReadable, why, items } = incident
  return {
    ...{ id, state, stillReadable },
    identity: await identityOf(reading, question),
    secret: question.secret ?? null,
    since: question.identity === undefined ? null : inSeconds(question.since),
    couldRead: question.couldRead,
    disable: question.disable,
    by: question.by.objectId,
    started: inSeconds(started),
    ended: inSecondsOrNull(ended),
    why: why ?? null,
    items: items.map(itemViewOf),
  }
}

async function identityOf({ sql, keyring }: Reading, { identity }: Question): Promise<IncidentView['identity']> {
  if (identity === undefined) return null
  const { objectId, name } = identity
  return { objectId, name, enabled: (await principalById(sql, keyring, objectId))?.enabled ?? false }
}

const itemViewOf = (item: Item): IncidentItem => ({
  vault: item.vault,
  secret: item.name,
  exposure: item.exposure,
  through: item.through,
  versions: item.versions,
  met: inSecondsOrNull(item.met),
  remedy: item.remedy,
  rank: item.rank,
  state: item.state,
  version: item.version ?? null,
  refused: inSecondsOrNull(item.refused),
  disabled: item.disabled,
  why: item.why ?? null,
  todo: item.todo ?? null,
})
