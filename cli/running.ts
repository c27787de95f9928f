import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { runningIn } from '@cardea/server/environment'

/** Whether the server of this folder lives: by its process, or, where that can't be seen, by its answer. */
export async function isRunning(folder: string): Promise<boolean> {
  const running = runningIn(folder)
  return running !== undefined && (isAlive(running.pid) || isServed(folder))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether a server answers that has this folder's own certificate: a number of a process may be another's by now. */
export function isServed(folder: string): Promise<boolean> {
  const running = runningIn(folder)
  if (running?.caFile === undefined) return Promise.resolve(false)
  const { port, domain, caFile } = running
  return new Promise((resolve) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path: '/.cardea/health',
        servername: `login.${domain}`,
        ca: readFileSync(caFile),
        timeout: 2_000,
        agent: false,
      },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode === 200)
      },
    )
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => resolve(false))
    sent.end()
  })
}
