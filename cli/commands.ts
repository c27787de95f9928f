import accessConvert from './access-convert.ts'
import accessExplain from './access-explain.ts'
import { alertDelete, alertList, alertSet } from './alert.ts'
import { appAddPassword, appCreate, appDelete, appList, appRemovePassword } from './app.ts'
import auditExport from './audit-export.ts'
import auditVerify from './audit-verify.ts'
import {
  changesetApply,
  changesetCancel,
  changesetList,
  changesetPlan,
  changesetShow,
  changesetUndo,
} from './changeset.ts'
import type { Command } from './command.ts'
import { completionOf } from './completion.ts'
import demo from './demo.ts'
import doctor from './doctor.ts'
import env from './env.ts'
import { eventDead, eventReplay } from './event.ts'
import exportCommand from './export.ts'
import { groupAdd, groupCreate, groupDelete, groupList, groupMembers, groupRemove } from './group.ts'
import importCommand from './import.ts'
import { incidentList, incidentRotate, incidentShow } from './incident.ts'
import { lockDelete, lockList, lockSet } from './lock.ts'
import { resourceCommands } from './resource.ts'
import { roleAssign, roleList, roleNames, roleUnassign } from './role.ts'
import rotate from './rotate.ts'
import rotationBind from './rotation-bind.ts'
import rotationImport from './rotation-import.ts'
import rotationList from './rotation-list.ts'
import rotationPlan from './rotation-plan.ts'
import rotationSettle from './rotation-settle.ts'
import rotationShow from './rotation-show.ts'
import rotationUnbind from './rotation-unbind.ts'
import { secretBackup, secretRestore } from './secret-backup.ts'
import secretDelete from './secret-delete.ts'
import { secretDerive, secretUnderive } from './secret-derive.ts'
import { secretDisable, secretEdit, secretEnable } from './secret-edit.ts'
import secretList from './secret-list.ts'
import secretPurge from './secret-purge.ts'
import secretReaders from './secret-readers.ts'
import secretRecover from './secret-recover.ts'
import secretSet from './secret-set.ts'
import secretShow from './secret-show.ts'
import secretVersions from './secret-versions.ts'
import settingDelete from './setting-delete.ts'
import settingList from './setting-list.ts'
import settingRestore from './setting-restore.ts'
import settingSet from './setting-set.ts'
import settingShow from './setting-show.ts'
import start from './start.ts'
import storeLimits from './store-limits.ts'
import userAdd from './user-add.ts'
import userDelete from './user-delete.ts'
import userDisable from './user-disable.ts'
import userEnable from './user-enable.ts'
import userList from './user-list.ts'
import userPassword from './user-password.ts'
import { workloadCreate, workloadDelete, workloadList } from './workload.ts'

export type Area = { readonly title: string; readonly commands: readonly Command[] }

/** Every command by its area, in the order in which somebody new meets them. */
export const areas: readonly Area[] = [
  { title: 'Begin', commands: [start, env, doctor, demo, completionOf(() => commands)] },
  {
    title: 'Secrets',
    commands: [
      secretSet,
      secretShow,
      secretList,
      secretVersions,
      secretEdit,
      secretDisable,
      secretEnable,
      secretReaders,
      secretDerive,
      secretUnderive,
      secretDelete,
      secretRecover,
      secretPurge,
      secretBackup,
      secretRestore,
    ],
  },
  {
    title: 'Settings',
    commands: [
      settingSet,
      settingShow,
      settingList,
      settingDelete,
      settingRestore,
      changesetPlan,
      changesetApply,
      changesetList,
      changesetShow,
      changesetUndo,
      changesetCancel,
    ],
  },
  { title: 'In and out', commands: [importCommand, exportCommand] },
  {
    title: 'Rotation',
    commands: [
      rotationBind,
      rotationImport,
      rotationList,
      rotationPlan,
      rotationSettle,
      rotationShow,
      rotationUnbind,
      rotate,
    ],
  },
  { title: 'Incidents', commands: [incidentRotate, incidentShow, incidentList] },
  { title: 'Vaults and stores', commands: [...resourceCommands('vault'), ...resourceCommands('store'), storeLimits] },
  {
    title: 'Who may do what',
    commands: [
      roleAssign,
      roleUnassign,
      roleList,
      roleNames,
      accessExplain,
      accessConvert,
      lockSet,
      lockList,
      lockDelete,
    ],
  },
  {
    title: 'People and applications',
    commands: [
      userAdd,
      userPassword,
      userList,
      userDisable,
      userEnable,
      userDelete,
      groupCreate,
      groupList,
      groupMembers,
      groupAdd,
      groupRemove,
      groupDelete,
      appCreate,
      appList,
      appAddPassword,
      appRemovePassword,
      appDelete,
      workloadCreate,
      workloadList,
      workloadDelete,
    ],
  },
  {
    title: 'What happened',
    commands: [auditExport, auditVerify, alertSet, alertList, alertDelete, eventDead, eventReplay],
  },
]

export const commands: readonly Command[] = areas.flatMap(({ commands }) => commands)
