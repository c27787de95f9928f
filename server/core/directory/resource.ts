import { randomUUID } from 'node:crypto'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { enter } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { Keyring } from '#core/sealing/keyring.ts'

/** What managed identities and workloads have alike: they are resources, and a service principal is called by the name of its resource. */
export const noSuchResource = (resourceId: string): Fault =>
  new Fault('not-found', `The Resource '${resourceId.slice(0, 512)}' was not found.`)

export type Hands = { readonly turn: Turn; readonly keyring: Keyring }

/** A new identity each time: one that is taken away and given again has nothing of what it was allowed before. */
export const newIdentity = ({ turn, keyring }: Hands, resourceId: string): Promise<Entry> =>
  enter(turn, keyring, {
    appId: randomUUID(),
    name: resourceId.slice(resourceId.lastIndexOf('/') + 1),
    kind: 'managed-identity',
    enabled: true,
    userPrincipalName: undefined,
    details: {},
  })
