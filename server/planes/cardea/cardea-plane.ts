import type { House } from '#core/configuration/configuration.ts'
import type { Planning } from '#core/incidents/plan.ts'
import type { Store, Vault } from '#core/vaults/vault.ts'
import type { Hosts } from '../http/hosts.ts'
import type { Route } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'
import type { Around } from './around.ts'
import bindRotation from './bind-rotation.ts'
import applyChangeSet from './change-sets/apply-change-set.ts'
import cancelSet from './change-sets/cancel-change-set.ts'
import getSet from './change-sets/get-change-set.ts'
import listSets from './change-sets/list-change-sets.ts'
import planChangeSet from './change-sets/plan-change-set.ts'
import planRestore from './change-sets/plan-restore.ts'
import planOneUndo from './change-sets/plan-undo.ts'
import restore from './change-sets/restore.ts'
import undoSet from './change-sets/undo-change-set.ts'
import deleteAlert from './delete-alert.ts'
import deriveSecret from './derive-secret.ts'
import followStore from './follow-store.ts'
import followVault from './follow-vault.ts'
import listAlerts from './list-alerts.ts'
import listIncidents from './list-incidents.ts'
import listReaders from './list-readers.ts'
import listReferences from './list-references.ts'
import listRotations from './list-rotations.ts'
import type { Metrics } from './metrics.ts'
import planIncident from './plan-incident.ts'
import planRotations from './plan-rotations.ts'
import putAlert from './put-alert.ts'
import readJournal from './read-journal.ts'
import readMetrics from './read-metrics.ts'
import rehearseRotation from './rehearse-rotation.ts'
import reportConsumer from './report-consumer.ts'
import rotateBack from './rotate-back.ts'
import rotateInEmergency from './rotate-in-emergency.ts'
import rotateNow from './rotate-now.ts'
import runIncident from './run-incident.ts'
import settleRotation from './settle-rotation.ts'
import showDerivation from './show-derivation.ts'
import showIncident from './show-incident.ts'
import showRehearsal from './show-rehearsal.ts'
import showRotation from './show-rotation.ts'
import unbindRotation from './unbind-rotation.ts'
import underiveSecret from './underive-secret.ts'

/** What Azure has no word for, on the hosts of vaults, stores and management: reading these lists is reading what we serve. */
export const onVaults = (around: Around): readonly Route<Vault>[] => [
  bindRotation(around),
  listRotations(),
  rehearseRotation(),
  showRehearsal(),
  planRotations(around),
  showRotation(around),
  unbindRotation(),
  rotateNow(around),
  rotateInEmergency(around),
  rotateBack(around),
  settleRotation(around),
  deriveSecret(),
  showDerivation(),
  underiveSecret(),
  reportConsumer(),
  listReaders(),
  followVault(around),
]

export const onStores = (around: Around & House): readonly Route<Store>[] => [
  followStore(around),
  listReferences(around),
  planChangeSet(around),
  applyChangeSet(around),
  listSets(),
  getSet(),
  cancelSet(),
  planOneUndo(around),
  undoSet(around),
  planRestore(around),
  restore(around),
]

type AroundManagement = Planning & {
  readonly hosts: Hosts
  readonly metrics: Metrics
  readonly allowPrivate: boolean
}
export const onManagement = ({
  hosts,
  metrics,
  allowPrivate,
  base,
  providers,
}: AroundManagement): readonly Route<Tenancy>[] => [
  readJournal(hosts),
  readMetrics(metrics),
  putAlert({ allowPrivate }),
  listAlerts(),
  deleteAlert(),
  planIncident({ base, providers }),
  runIncident(),
  showIncident(),
  listIncidents(),
]
