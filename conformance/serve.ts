import { readyHeap } from '@cardea/server/base/heap'
import { start } from '@cardea/server/main'
import { settingsFrom } from '@cardea/server/settings'

/**
 * The program of a server that runs in a process of its own, for whoever measures it or kills it. It says when it is
 * ready over the channel to its parent, ends in good order on SIGTERM, and goes when its parent goes.
 */
await readyHeap()
const cardea = await start(settingsFrom(process.env))
process.send?.({ ready: true, port: cardea.port })
const end = async () => {
  await cardea.close()
  process.exit(0)
}
process.once('SIGTERM', () => void end())
process.once('disconnect', () => void end())
