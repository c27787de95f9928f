import * as keyValues from '@cardea/contract/appconfig/key-values'
import * as locks from '@cardea/contract/appconfig/locks'
import * as names from '@cardea/contract/appconfig/names'
import * as revisions from '@cardea/contract/appconfig/revisions'
import * as snapshots from '@cardea/contract/appconfig/snapshots'
import * as access from '@cardea/contract/cardea/access'
import * as alerts from '@cardea/contract/cardea/alerts'
import * as changeSets from '@cardea/contract/cardea/change-sets'
import * as changes from '@cardea/contract/cardea/changes'
import * as consumers from '@cardea/contract/cardea/consumers'
import * as derivations from '@cardea/contract/cardea/derivations'
import * as incidents from '@cardea/contract/cardea/incidents'
import * as journal from '@cardea/contract/cardea/journal'
import * as metrics from '@cardea/contract/cardea/metrics'
import * as references from '@cardea/contract/cardea/references'
import * as rehearsals from '@cardea/contract/cardea/rehearsals'
import * as rotationPlan from '@cardea/contract/cardea/rotation-plan'
import * as rotations from '@cardea/contract/cardea/rotations'
import * as applications from '@cardea/contract/directory/applications'
import * as credentials from '@cardea/contract/directory/credentials'
import * as directoryObjects from '@cardea/contract/directory/directory-objects'
import * as groups from '@cardea/contract/directory/groups'
import * as organization from '@cardea/contract/directory/organization'
import * as servicePrincipals from '@cardea/contract/directory/service-principals'
import * as users from '@cardea/contract/directory/users'
import * as authorization from '@cardea/contract/management/authorization'
import * as eventSubscriptions from '@cardea/contract/management/event-subscriptions'
import * as resourceGroups from '@cardea/contract/management/groups'
import * as identities from '@cardea/contract/management/identities'
import * as resourceLocks from '@cardea/contract/management/locks'
import * as resources from '@cardea/contract/management/resources'
import * as stores from '@cardea/contract/management/stores'
import * as subscriptions from '@cardea/contract/management/subscriptions'
import * as vaults from '@cardea/contract/management/vaults'
import * as workloads from '@cardea/contract/management/workloads'
import { type Operation, pathsOf } from '@cardea/contract/operation'
import * as certificates from '@cardea/contract/vault/certificates'
import * as contacts from '@cardea/contract/vault/contacts'
import * as issuers from '@cardea/contract/vault/issuers'
import * as keys from '@cardea/contract/vault/keys'
import * as secrets from '@cardea/contract/vault/secrets'

const isOperation = (thing: unknown): thing is Operation =>
  typeof thing === 'object' && thing !== null && 'action' in thing && 'path' in thing
const declared = (...modules: object[]): Operation[] =>
  modules.flatMap((module) => Object.values(module).filter(isOperation))

/** The treaty by the plane that answers it. Whoever adds a module to the treaty adds it here. */
const treaty = {
  vault: [
    ...declared(
      secrets,
      keys,
      certificates,
      contacts,
      issuers,
      changes,
      consumers,
      derivations,
      rotations,
      rehearsals,
      rotationPlan,
    ).filter(({ id }) => !id.startsWith('Store')),
    journal.listReaders,
  ],
  appconfig: [
    ...declared(keyValues, locks, names, references, revisions, snapshots, changeSets),
    ...declared(changes).filter(({ id }) => id.startsWith('Store')),
  ],
  management: [
    ...declared(subscriptions, resourceGroups, resources, resourceLocks, vaults, stores),
    ...declared(authorization, access, identities, workloads, metrics, alerts, eventSubscriptions, incidents),
    journal.readJournal,
  ],
  directory: declared(applications, credentials, directoryObjects, groups, organization, servicePrincipals, users),
}
type PlaneName = keyof typeof treaty
export const everyOperation = Object.values(treaty).flat()

export const planeOf = ({ id }: Operation): PlaneName =>
  (Object.keys(treaty) as PlaneName[]).find((plane) => treaty[plane].some((one) => one.id === id)) as PlaneName
const domain = 'cardea.internal'
export const hosts = {
  vault: `demo.vault.${domain}`,
  appconfig: `demo.config.${domain}`,
  management: `management.${domain}`,
  directory: `graph.${domain}`,
}
export const hostOf = (operation: Operation): string => hosts[planeOf(operation)]
export const audienceOf = (operation: Operation): string =>
  planeOf(operation) === 'vault' ? `https://vault.${domain}` : `https://${hostOf(operation)}`

/** A path of the operation, about things called `sweep` that aren't there. */
export const pathOf = (operation: Operation, subscription: string): string =>
  (pathsOf(operation).at(-1) as string)
    .replace(':subscription', subscription)
    .replace('/:version?', '')
    .replace(/:\w+|\*\w+/g, 'sweep')
const versions = { vault: '7.4', appconfig: '2026-04-01', management: '2024-11-01', directory: '' }
export const versionOf = (operation: Operation): string =>
  operation.since === 'always' ? '' : `?api-version=${versions[planeOf(operation)]}`
