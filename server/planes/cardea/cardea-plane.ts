import type { House } from '#core/configuration/configuration.ts'
import type { Planning } from '#core/incidents/plan.ts'
import type { Store } from '#core/vaults/store.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { Hosts } from '../http/hosts.ts'
import type { Route } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'
import convertAccess from './access/convert-access.ts'
import explainAccess from './access/explain-access.ts'
import previewConversion from './access/preview-conversion.ts'
import deleteAlert from './alerts/delete-alert.ts'
import listAlerts from './alerts/list-alerts.ts'
import putAlert from './alerts/put-alert.ts'
import type { Around } from './around.ts'
import applyChangeSet from './change-sets/apply-change-set.ts'
import cancelSet from './change-sets/cancel-change-set.ts'
import getSet from './change-sets/get-change-set.ts'
import listSets from './change-sets/list-change-sets.ts'
import planChangeSet from './change-sets/plan-change-set.ts'
import planRestore from './change-sets/plan-restore.ts'
import planOneUndo from './change-sets/plan-undo.ts'
import restore from './change-sets/restore.ts'
import undoSet from './change-sets/undo-change-set.ts'
import followStore from './changes/follow-store.ts'
import followVault from './changes/follow-vault.ts'
import deriveSecret from './derivations/derive-secret.ts'
import showDerivation from './derivations/show-derivation.ts'
import underiveSecret from './derivations/underive-secret.ts'
import listIncidents from './incidents/list-incidents.ts'
import planIncident from './incidents/plan-incident.ts'
import runIncident from './incidents/run-incident.ts'
import showIncident from './incidents/show-incident.ts'
import listReaders from './journal/list-readers.ts'
import readJournal from './journal/read-journal.ts'
import type { Metrics } from './metrics/metrics.ts'
import readMetrics from './metrics/read-metrics.ts'
import listReferences from './references/list-references.ts'
import bindRotation from './rotations/bind-rotation.ts'
import listRotations from './rotations/list-rotations.ts'
import planRotations from './rotations/plan-rotations.ts'
import rehearseRotation from './rotations/rehearse-rotation.ts'
import reportConsumer from './rotations/report-consumer.ts'
import rotateBack from './rotations/rotate-back.ts'
import rotateInEmergency from './rotations/rotate-in-emergency.ts'
import rotateNow from './rotations/rotate-now.ts'
import settleRotation from './rotations/settle-rotation.ts'
import showRehearsal from './rotations/show-rehearsal.ts'
import showRotation from './rotations/show-rotation.ts'
import unbindRotation from './rotations/unbind-rotation.ts'

/** What Azure has no word for, on the hosts of vaults, stores and management: reading these lists is reading what we serve. */
export const onVaults = (around: Around & { readonly hosts: Hosts }): readonly Route<Vault>[] => [
  bindRotation(around),
  listRotations(around),
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
  readonly sendsMail: boolean
}
export const onManagement = ({
  hosts,
  metrics,
  allowPrivate,
  sendsMail,
  base,
  providers,
}: AroundManagement): readonly Route<Tenancy>[] => [
  readJournal(hosts),
  readMetrics(metrics),
  putAlert({ allowPrivate, sendsMail }),
  listAlerts({ sendsMail }),
  deleteAlert(),
  planIncident({ base, providers }),
  runIncident(),
  showIncident(),
  listIncidents(),
  explainAccess(),
  previewConversion(),
  convertAccess(),
]
