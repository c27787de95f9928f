import type { Answer, Request } from '@cardea/client/transport'
import { main } from '../main.ts'
import type { World } from '../world.ts'

/** What a service answers in a test. */
export type Answers = (request: Request & { readonly given: Record<string, unknown> | undefined }) => Said | undefined
export type Said = { readonly status?: number; readonly body?: unknown; readonly headers?: Record<string, string> }

type Around = {
  readonly stdin?: string | Buffer
  readonly typed?: string
  readonly files?: Readonly<Record<string, string>>
  readonly modes?: Readonly<Record<string, number>>
  readonly freeBytes?: number
  /** What names lead to; none is known besides. */
  readonly addresses?: Readonly<Record<string, string>>
  readonly terminal?: Partial<World['terminal']>
  readonly env?: World['env']
  readonly answers?: Answers
  readonly now?: number
  /** Ctrl-C, after so much waiting; at once, where it is none. */
  readonly stopsAfterMs?: number
}

export type Run = {
  readonly exit: number
  readonly out: string
  readonly err: string
  readonly asked: Request[]
  /** What was written to new files, and kept. */
  readonly written: Readonly<Record<string, string>>
}

export const vaultUrl = 'https://demo.vault.cardea.internal'
export const storeUrl = 'https://demo.config.cardea.internal'
export const identity = {
  AZURE_TENANT_ID: 'adfs',
  AZURE_CLIENT_ID: '11111111-1111-1111-1111-111111111111',
  AZURE_CLIENT_SECRET: 'client-secret',
  AZURE_AUTHORITY_HOST: 'https://login.cardea.internal',
  AZURE_KEYVAULT_URL: vaultUrl,
  AZURE_APPCONFIG_ENDPOINT: storeUrl,
}

/** Runs a command as a function call: its world is given, and what it said is handed back. */
export async function run(words: readonly string[], around: Around = {}): Promise<Run> {
  const {
    stdin = '',
    typed = '',
    files = {},
    modes = {},
    terminal = {},
    env = identity,
    answers = () => undefined,
  } = around
  const [out, err, asked]: [string[], string[], Request[]] = [[], [], []]
  const written: Record<string, string> = {}
  const stop = new AbortController()
  let clock = around.now ?? 1_700_000_000_000
  const exit = await main(words, {
    env,
    terminal: { in: false, out: false, colours: false, ...terminal },
    write: (text) => void out.push(text),
    print: (line) => void out.push(`${line}\n`),
    tell: (line) => void err.push(`${line}\n`),
    read: async () => Buffer.from(stdin),
    readFile(path) {
      const content = files[path]
      if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' })
      return Buffer.from(content)
    },
    create(path) {
      if (path in files || path in written) throw Object.assign(new Error(`${path} exists`), { code: 'EEXIST' })
      const parts: string[] = []
      return {
        write: (text) => void parts.push(text),
        keep() {
          written[path] = parts.join('')
        },
        [Symbol.dispose]() {},
      }
    },
    modeOf: (path) => modes[path] ?? (path in files ? 0o600 : undefined),
    addressOf: async (name) => around.addresses?.[name],
    freeBytes: () => around.freeBytes ?? Number.POSITIVE_INFINITY,
    ask: async () => typed,
    now: () => clock,
    async wait(ms, signal) {
      clock += ms
      if (around.stopsAfterMs !== undefined && clock >= 1_700_000_000_000 + around.stopsAfterMs) stop.abort()
      signal?.throwIfAborted()
    },
    connect: () => ({
      async send(request) {
        const said = signIn(request)
        if (said !== undefined) return said
        asked.push(request)
        const given = request.body === undefined ? undefined : (JSON.parse(request.body) as Record<string, unknown>)
        return answer(answers({ ...request, given }) ?? { status: 404, body: { error: { message: 'There is none.' } } })
      },
      open: () => Promise.reject(new Error('nothing is streamed here')),
      close() {},
    }),
    stopping() {
      if (around.stopsAfterMs === 0) stop.abort()
      return stop.signal
    },
  })
  return { exit, out: out.join(''), err: err.join(''), asked, written }
}

const answer = ({ status = 200, body, headers = {} }: Said): Answer => ({
  status,
  headers,
  body: body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
})

/** The challenge of a vault and the token service, as they always are. */
function signIn({ url, headers }: Request): Answer | undefined {
  if (url.hostname === 'login.cardea.internal') return answer({ body: { access_token: 'token', expires_in: 3600 } })
  // Health is told to everybody, and what isn't ours says itself what it wants.
  if (url.pathname === '/.cardea/ready' || !url.hostname.endsWith('.cardea.internal')) return undefined
  if (/^(Bearer token$|HMAC-SHA256 )/.test(headers?.authorization ?? '')) return undefined
  const challenge =
    'Bearer authorization="https://login.cardea.internal/adfs", resource="https://vault.cardea.internal"'
  return answer({ status: 401, headers: { 'www-authenticate': challenge } })
}
