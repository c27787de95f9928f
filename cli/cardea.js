#!/usr/bin/env node
/**
 * The `cardea` command as it is called. It is plain JavaScript that an old Node understands: there it hands over to the
 * Node that the workspace pins, and passes signals and the exit code through.
 */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import * as modules from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const nodeNeeded = 26
const here = dirname(fileURLToPath(import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= nodeNeeded) {
  // What Node makes of our sources is kept between starts: the second takes half the time, and 15 MB less. It lies among
  // the installed packages, since whoever can write there can change our programs anyway.
  modules.enableCompileCache(join(here, '..', 'node_modules', '.cache', 'cardea'))
  const { main } = await import('./main.ts')
  const { ownWorld } = await import('./world.ts')
  process.exit(await main(process.argv.slice(2), ownWorld()))
} else handOver()

function handOver() {
  const pinned = nodeFrom(here)
  if (pinned === undefined) {
    console.error(`cardea needs Node ${nodeNeeded} or later, and this is Node ${process.versions.node}.`)
    console.error(`Run "npm ci" in the clone, which brings its own, or install Node ${nodeNeeded}.`)
    process.exit(1)
  }
  // Over the channel the child notices when this process is killed, so that no server stays behind without its shell.
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`cardea can't start ${pinned}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** The pinned Node in the nearest `node_modules` upward. */
function nodeFrom(folder) {
  const found = join(folder, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(found) && realpathSync(found) !== realpathSync(process.execPath)) return found
  return dirname(folder) === folder ? undefined : nodeFrom(dirname(folder))
}
