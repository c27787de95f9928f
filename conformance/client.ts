import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Runs an official client as a program of its own, with nothing but `cardea env` in its environment. */
export type Ran = { readonly code: number | null; readonly out: string; readonly error: string }

/** Debian's Python with Azure's SDK; other Pythons of the machine don't have it. */
const python = '/usr/bin/python3'
export const findPythonSdk = (): string | undefined =>
  existsSync('/usr/lib/python3/dist-packages/azure/keyvault/secrets') && existsSync(python) ? python : undefined

export function runClient(
  file: string,
  env: Readonly<Record<string, string>>,
  given: readonly string[] = [],
  timeoutMs = 60_000,
): Promise<Ran> {
  const program = file.endsWith('.py') ? python : process.execPath
  return new Promise((resolve) => {
    const child = spawn(program, [join(import.meta.dirname, 'clients', file), ...given], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
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

/** What a client printed on its last line, as JSON; with all its words if it failed. */
export async function seenBy(
  file: string,
  env: Readonly<Record<string, string>>,
  given: readonly string[] = [],
): Promise<Record<string, unknown>> {
  const { code, out, error } = await runClient(file, env, given)
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${out}\n${error}`)
  return JSON.parse(out.trim().split('\n').at(-1) as string) as Record<string, unknown>
}
