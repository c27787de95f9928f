import accessConvert from './access-convert.ts'
import accessExplain from './access-explain.ts'
import { alertDelete, alertList, alertSet } from './alert.ts'
import auditExport from './audit-export.ts'
import auditVerify from './audit-verify.ts'
import type { Command } from './command.ts'
import demo from './demo.ts'
import doctor from './doctor.ts'
import env from './env.ts'
import exportCommand from './export.ts'
import importCommand from './import.ts'
import rotate from './rotate.ts'
import rotationBind from './rotation-bind.ts'
import rotationSettle from './rotation-settle.ts'
import rotationShow from './rotation-show.ts'
import rotationUnbind from './rotation-unbind.ts'
import secretDelete from './secret-delete.ts'
import secretList from './secret-list.ts'
import secretPurge from './secret-purge.ts'
import secretReaders from './secret-readers.ts'
import secretRecover from './secret-recover.ts'
import secretSet from './secret-set.ts'
import secretShow from './secret-show.ts'
import secretVersions from './secret-versions.ts'
import settingDelete from './setting-delete.ts'
import settingList from './setting-list.ts'
import settingSet from './setting-set.ts'
import settingShow from './setting-show.ts'
import start from './start.ts'
import userAdd from './user-add.ts'
import userDisable from './user-disable.ts'
import userEnable from './user-enable.ts'
import userList from './user-list.ts'
import userPassword from './user-password.ts'

/** Every command, in the order in which somebody new meets them. */
export const commands: readonly Command[] = [
  start,
  env,
  doctor,
  secretSet,
  secretShow,
  secretList,
  secretVersions,
  secretReaders,
  secretDelete,
  secretRecover,
  secretPurge,
  settingSet,
  settingShow,
  settingList,
  settingDelete,
  importCommand,
  exportCommand,
  rotationBind,
  rotationSettle,
  rotationShow,
  rotationUnbind,
  rotate,
  accessExplain,
  accessConvert,
  userAdd,
  userPassword,
  userList,
  userDisable,
  userEnable,
  auditExport,
  alertSet,
  alertList,
  alertDelete,
  auditVerify,
  demo,
]
