import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ran, run as ran } from './run.ts'

/**
 * Azure's own command line against a Cardea, with nothing but `cardea env` in its environment. Commands are shell lines, so
 * that the ones that documents print run as they stand.
 */
export type Az = Disposable & {
  /** Runs a shell line. Standard error is kept apart: az also warns there. */
  run(line: string): Promise<Ran>
  /** Runs one that must succeed, and gives what it printed, as JSON if it is any. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it
  done(line: string): Promise<any>
  /** Runs one that must be refused, and gives what it said. */
  refused(line: string): Promise<string>
}

/** Debian 12's az; in a folder of another Debian (`debootstrap`), that one's, by its root. */
export const findAz = (root = '/'): string | undefined => (existsSync(join(root, 'usr/bin/az')) ? root : undefined)

type Given = {
  readonly env: Readonly<Record<string, string>>
  /** Where the system with the az to use lies; needs root, unless it is this one. */
  readonly root?: string
}

export function openAz({ env, root = '/' }: Given): Az {
  mkdirSync(join(root, tmpdir()), { recursive: true })
  const folder = mkdtempSync(join(root, tmpdir(), 'cardea-az-'))
  const inside = folder.slice(root === '/' ? 0 : root.length)
  const bundle = env.REQUESTS_CA_BUNDLE as string
  copyFileSync(bundle, join(folder, 'ca.pem'))
  mkdirSync(join(folder, 'config'))
  const given: Record<string, string> = {
    ...env,
    PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
    HOME: inside,
    LANG: 'C.UTF-8',
    AZURE_CONFIG_DIR: `${inside}/config`,
    REQUESTS_CA_BUNDLE: `${inside}/ca.pem`,
    SSL_CERT_FILE: `${inside}/ca.pem`,
    AZURE_CORE_COLLECT_TELEMETRY: 'no',
    AZURE_CORE_NO_COLOR: 'yes',
    PYTHONWARNINGS: 'ignore',
  }
  const run: Az['run'] = (line) => {
    const [program, ...words] = root === '/' ? ['/bin/sh'] : ['/usr/sbin/chroot', root, '/bin/sh']
    return ran(program as string, [...words, '-c', line], { env: given })
  }
  return {
    run,
    async done(line) {
      const { code, out, error } = await run(line)
      if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${out}\n${error}`)
      return jsonOf(out)
    },
    async refused(line) {
      const { code, out, error } = await run(line)
      if (code === 0) throw new Error(`${line}\nwas not refused:\n${out}`)
      return error
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** What a command printed, as JSON if it is any. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.trim()
  }
}
