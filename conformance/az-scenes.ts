import { certificates } from './az-scenes/certificates.ts'
import { directory } from './az-scenes/directory.ts'
import { identities } from './az-scenes/identities.ts'
import { keys } from './az-scenes/keys.ts'
import { cleanUp, resources } from './az-scenes/resources.ts'
import { roles } from './az-scenes/roles.ts'
import { type Scene, whole } from './az-scenes/scene.ts'
import { secrets } from './az-scenes/secrets.ts'
import { byConnectionString, settings } from './az-scenes/settings.ts'

/**
 * What people type at Azure's command line, in order: each line leaves what the next needs. Debian 12's az (2.45) lacks
 * some of its own modules, so some lines are for newer ones only. Lines that a training page prints (`training-page.test.ts`) are typed as
 * they stand there, but for its container application.
 */
export const scenes: readonly Scene[] = [
  ...byConnectionString,
  ...resources,
  ...identities,
  ...roles,
  ...secrets,
  ...whole(keys),
  ...whole(certificates),
  ...settings,
  ...directory,
  ...cleanUp,
]
