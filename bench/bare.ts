import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readiness } from '@cardea/conformance/server-process'
import type { Bare } from './bare-server.ts'

export type BareProcess = Disposable & { readonly pid: number; readonly port: number }

export async function startBare(bare: Bare): Promise<BareProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./bare-server.ts', import.meta.url))], {
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  })
  child.stdin?.end(JSON.stringify(bare))
  const { port } = await readiness(child)
  return { pid: child.pid as number, port, [Symbol.dispose]: () => void child.kill() }
}
