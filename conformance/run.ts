import { spawn } from 'node:child_process'

/** How a program ended, and what it printed. */
export type Ran = { readonly code: number | null; readonly out: string; readonly error: string }

export type Around = {
  /** All of its environment: nothing of ours is passed on. */
  readonly env: Readonly<Record<string, string>>
  readonly folder?: string
  readonly timeoutMs?: number
}

/** Runs a program to its end, however it ends. */
export function run(program: string, words: readonly string[], { env, folder, timeoutMs }: Around): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    })
    let [out, error] = ['', '']
    child.stdout.on('data', (part) => {
      out += part
    })
    child.stderr.on('data', (part) => {
      error += part
    })
    child.on('close', (code) => resolve({ code, out, error }))
  })
}
