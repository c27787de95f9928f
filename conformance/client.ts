import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Ran, run } from './run.ts'

/** Debian's Python with Azure's SDK; other Pythons of the machine don't have it. */
const python = '/usr/bin/python3'
export const findPythonSdk = (): string | undefined =>
  existsSync('/usr/lib/python3/dist-packages/azure/keyvault/secrets') && existsSync(python) ? python : undefined

/** Runs an official client as a program of its own, with nothing but `cardea env` in its environment. */
export const runClient = (
  file: string,
  env: Readonly<Record<string, string>>,
  given: readonly string[] = [],
  timeoutMs?: number,
): Promise<Ran> => {
  // Without `-B` Python would leave what it compiled beside the file.
  const [program, ...words] = file.endsWith('.py') ? [python, '-B'] : [process.execPath]
  return asClient(program as string, [...words, join(import.meta.dirname, 'clients', file), ...given], env, timeoutMs)
}

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
    ran.push(await asClient(program, words, env))
  }
  return ran
}

/** With nothing of our environment but where programs are, and from here, where the libraries are found that it names. */
const asClient = (
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  timeoutMs = 60_000,
) =>
  run(program, words, {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    folder: import.meta.dirname,
    timeoutMs,
  })

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
