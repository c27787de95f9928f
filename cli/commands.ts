import type { Command } from './command.ts'
import demo from './demo.ts'
import env from './env.ts'
import rotate from './rotate.ts'
import rotationBind from './rotation-bind.ts'
import rotationShow from './rotation-show.ts'
import secretList from './secret-list.ts'
import secretSet from './secret-set.ts'
import secretShow from './secret-show.ts'
import settingList from './setting-list.ts'
import settingSet from './setting-set.ts'
import settingShow from './setting-show.ts'
import start from './start.ts'

/** Every command, in the order in which somebody new meets them. */
export const commands: readonly Command[] = [
  start,
  env,
  secretSet,
  secretShow,
  secretList,
  settingSet,
  settingShow,
  settingList,
  rotationBind,
  rotationShow,
  rotate,
  demo,
]
