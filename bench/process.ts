import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ask } from '@cardea/conformance/ask'
import { startServer } from '@cardea/conformance/server-process'
import { median, type Options, type Outcome, rssMegabytes } from './measure.ts'

const idleBudget = { megabytes: 300, target: 150 }
const idleAfterMs = 10_000

/** The memory of a server that nobody asks anything, ten seconds after it was ready. */
export async function idle({ say }: Options): Promise<Outcome> {
  using folder = dataFolder()
  await (await startServer({ data: folder.path }))[Symbol.asyncDispose]()
  await using server = await startServer({ data: folder.path })
  await wait(idleAfterMs)
  const megabytes = rssMegabytes(server.pid)
  say(`${megabytes.toFixed(0)} MB resident, idle (target under ${idleBudget.target})`)
  return { kept: megabytes <= idleBudget.megabytes, figures: { bench: 'idle', megabytes } }
}

const startBudget = { ms: 5000, target: 1500 }
const starts = 7

/** From the birth of the process until it has answered that it is ready, on an installation that is there already. */
export async function startUp({ say }: Options): Promise<Outcome> {
  using folder = dataFolder()
  const measured: number[] = []
  for (let number = 0; number <= starts; number += 1) {
    const began = performance.now()
    await using server = await startServer({ data: folder.path })
    const host = `demo.vault.${server.domain}`
    const { status } = await ask({ port: server.port, ca: server.ca, host, method: 'GET', path: '/.cardea/ready' })
    if (status !== 200) throw new Error(`ready? ${status}`)
    measured.push(performance.now() - began)
  }
  const [first = 0, ...later] = measured
  const ms = median(later)
  say(
    `${ms.toFixed(0)} ms from spawn to ready (${Math.min(...later).toFixed(0)} to ${Math.max(...later).toFixed(0)}; target under ${startBudget.target}); the founding start took ${first.toFixed(0)} ms`,
  )
  return { kept: ms <= startBudget.ms, figures: { bench: 'start', ms, slowest: Math.max(...later), foundingMs: first } }
}

function dataFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'cardea-bench-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
