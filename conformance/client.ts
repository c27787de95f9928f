import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Runs an official client as a program of its own, with nothing but `cardea env` in its environment. */
export type Ran = { readonly code: number | null; readonly out: string; readonly error: string }

/** Debian's Python with Azure's SDK; other Pythons of the machine don't have it. */
const python = '/usr/bin/python3'
export const findPythonSdk = (): string | undefined =>
  existsSync('/usr/lib/python3/dist-packages/azure/keyvault/secrets') && existsSync(python) ? python : undefined

export const runClient = (
  file: string,
  env: Readonly<Record<string, string>>,
  given: readonly string[] = [],
  timeoutMs = 60_000,
): Promise<Ran> =>
  run(file.endsWith('.py') ? python : process.execPath, [join(import.meta.dirname, 'clients', file), ...given], {
    env,
    timeoutMs,
  })

/** Runs the programs of a page that are written in a language, as they are printed there, one after the other. */
export async function runPrinted(
  page: string,
  language: 'js' | 'python',
  env: Readonly<Record<string, string>>,
): Promise<Ran[]> {
  const all = readFileSync(join(import.meta.dirname, '..', page), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)
  const ran: Ran[] = []
  for (const [, written, text = ''] of all) {
    if (written !== language) continue
    const [program, words] =
      language === 'js' ? [process.execPath, ['--input-type=module', '--eval', text]] : [python, ['-c', text]]
    ran.push(await run(program, words, { env, timeoutMs: 60_000 }))
  }
  return ran
}

type Around = { readonly env: Readonly<Record<string, string>>; readonly timeoutMs: number }

function run(program: string, words: readonly string[], { env, timeoutMs }: Around): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      // From here the libraries are found that a program names.
      cwd: import.meta.dirname,
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
