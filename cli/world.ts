import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { openTransport, type Transport, type TransportOptions } from '@cardea/client/transport'

/** All that a command knows of the world outside; a test gives it another one. */
export type World = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly terminal: {
    readonly in: boolean
    readonly out: boolean
    readonly colours: boolean
    /** How wide it is, where there is one. */
    readonly columns?: number | undefined
  }
  /** Writes to standard output, as it is. */
  write(text: string): void
  /** A line to standard output. */
  print(line: string): void
  /** A line to standard error: for people, where standard output is for programs. */
  tell(line: string): void
  /** All of standard input. */
  read(): Promise<Buffer>
  /** A file's content. */
  readFile(path: string): Buffer
  /** A new file that only its owner may read; one that is there already is left as it is, with an error. */
  create(path: string): NewFile
  /** A file's or a folder's permissions; undefined where there is none. */
  modeOf(path: string): number | undefined
  /** How much may still be written where it lies. */
  freeBytes(path: string): number
  /** A line from the keyboard that isn't shown. */
  ask(question: string): Promise<string>
  now(): number
  wait(ms: number, signal?: AbortSignal): Promise<void>
  connect(options: TransportOptions): Transport
  /** The address that a name has on this machine, if it knows one. */
  addressOf(name: string): Promise<string | undefined>
  /** From the call on, Ctrl-C and the like abort this instead of ending the process; a second one ends it. */
  stopping(): AbortSignal
}

/** A file that is being written, under another name beside its own: what isn't kept goes. */
export type NewFile = Disposable & { write(text: string): void; keep(): void }

/** The world of this process. */
export function ownWorld(): World {
  const { env, stdin, stdout, stderr } = process
  // Whoever reads us has read enough; that is no error of ours.
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const out = stdout.isTTY === true
  return {
    env,
    terminal: {
      in: stdin.isTTY === true,
      out,
      colours: out && !env.NO_COLOR && env.TERM !== 'dumb',
      columns: out ? stdout.columns : undefined,
    },
    write: (text) => void stdout.write(text),
    print: (line) => void stdout.write(`${line}\n`),
    tell: (line) => void stderr.write(`${line}\n`),
    async read() {
      const parts: Buffer[] = []
      for await (const part of stdin as AsyncIterable<Buffer>) parts.push(part)
      return Buffer.concat(parts)
    },
    readFile: (path) => readFileSync(path),
    create,
    modeOf: (path) => statSync(path, { throwIfNoEntry: false })?.mode,
    freeBytes(path) {
      const { bavail, bsize } = statfsSync(path, { bigint: true })
      return Number(bavail * bsize)
    },
    ask,
    now: () => Date.now(),
    wait: async (ms, signal) => wait(ms, undefined, signal && { signal }),
    connect: openTransport,
    addressOf: (name) =>
      lookup(name).then(
        ({ address }) => address,
        () => undefined,
      ),
    stopping,
  }
}

function create(path: string): NewFile {
  if (isThere(path)) throw Object.assign(new Error(`${path} is there already`), { code: 'EEXIST' })
  const part = `${path}.${randomBytes(4).toString('hex')}.part`
  const file = openSync(part, 'wx', 0o600)
  return {
    write: (text) => writeFileSync(file, text),
    keep() {
      try {
        // What came to this name meanwhile stays, where a rename would replace it.
        linkSync(part, path)
      } catch (error) {
        // Not every disk has links.
        if (isThere(path)) throw error
        renameSync(part, path)
      }
    },
    [Symbol.dispose]() {
      closeSync(file)
      rmSync(part, { force: true })
    },
  }
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** The same Ctrl-C may arrive twice: from the terminal, and passed on by whoever started us. */
const sameStopMs = 500

function stopping(): AbortSignal {
  const stop = new AbortController()
  const hear = () => stop.abort()
  let first: number | undefined
  process.on('SIGINT', () => {
    const now = performance.now()
    first ??= now
    if (now - first > sameStopMs) process.exit(130)
    hear()
  })
  process.on('SIGTERM', hear)
  process.on('SIGHUP', hear)
  // A launcher or a demo that was killed takes along what it has started.
  process.on('disconnect', hear)
  process.channel?.unref()
  return stop.signal
}

function ask(question: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  return new Promise((resolve) => {
    let line = ''
    const finish = (text: string) => {
      stdin.setRawMode(false)
      stdin.pause()
      stdin.off('data', hear)
      stderr.write('\n')
      resolve(text)
    }
    const hear = (typed: string) => {
      for (const letter of typed) {
        if (letter === '\r' || letter === '\n' || letter === '\u0004') return finish(line)
        if (letter === '\u0003') {
          stdin.setRawMode(false)
          stderr.write('\n')
          process.exit(130)
        }
        if (letter === '\u007f' || letter === '\b') line = [...line].slice(0, -1).join('')
        else if (letter === '\u0015') line = ''
        else line += letter
      }
    }
    stdin.on('data', hear)
    stdin.resume()
  })
}
