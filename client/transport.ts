import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import * as http from 'node:http'
import * as https from 'node:https'
import { ConfigurationError } from './errors.ts'
import { later, span } from './pace.ts'
import { proxyFrom, TunnelAgent } from './proxy.ts'

/** How the library speaks HTTP: connections that last, bounded in time and size, no redirects, manners when throttled. */
export type TransportOptions = {
  /** Certificates to trust instead of Node's own; `NODE_EXTRA_CA_CERTS` is honoured without it. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
  /** The CONNECT proxy; by default what `HTTPS_PROXY` and `NO_PROXY` say. `false` for none. */
  readonly proxy?: string | false
  /** For one request from beginning to end. Default 10 s. */
  readonly timeoutInMs?: number
  /** Where settings come from; by default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
}
export type Request = {
  readonly url: URL
  readonly method?: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal | undefined
  readonly maxBytes?: number
}
export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }
export type Transport = {
  /** Asks, and gives the whole answer, whatever its status. */
  send(request: Request): Promise<Answer>
  /** Asks, and gives the answer as it begins; who asked reads it or destroys it. */
  open(request: Request): Promise<IncomingMessage>
  close(): void
}

const answerBytesMax = 8 * 1024 * 1024
/** A service may ask to be left alone; for longer than this, it is more likely wrong than busy. */
const retryAfterMsMax = 5 * 60_000

/** A way to servers, with connections of its own until it is closed. */
export function openTransport({
  ca,
  proxy,
  timeoutInMs = 10_000,
  env = process.env,
}: TransportOptions = {}): Transport {
  const timeoutMs = span('clientOptions.timeoutInMs', timeoutInMs, 1)
  const trust = ca === undefined ? {} : { ca: ca as string | Buffer | (string | Buffer)[] }
  const secure = new TunnelAgent(proxyFrom(env, proxy), trust)
  const plain = new http.Agent({ keepAlive: true, scheduling: 'lifo' })
  const heldUntil = new Map<string, number>()

  async function begin(request: Request, again = false): Promise<IncomingMessage> {
    const wait = (heldUntil.get(request.url.origin) ?? 0) - Date.now()
    if (wait > 0) throw throttled(request.url, 429, wait)
    const { response, error, reused } = await ask(
      request,
      request.url.protocol === 'https:' ? secure : plain,
      timeoutMs,
    )
    if (response) {
      const retryAfterMs = retryAfterOf(response)
      if (retryAfterMs > 0) heldUntil.set(request.url.origin, Date.now() + retryAfterMs)
      return response
    }
    // The server closed a resting connection in the moment we took it up again; what we ask may be asked twice.
    if (reused && !again && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return begin(request, true)
    throw faultOf(error, request)
  }

  return {
    open: begin,
    async send(request) {
      const deadline = Date.now() + timeoutMs
      const response = await begin(request)
      const body = await bodyOf(response, request, deadline)
      return { status: response.statusCode ?? 0, headers: response.headers, body }
    },
    close() {
      secure.destroy()
      plain.destroy()
    },
  }
}

type Begun = { response?: IncomingMessage; error?: unknown; reused: boolean }

function ask({ url, method = 'GET', headers, body, signal }: Request, agent: http.Agent, ms: number): Promise<Begun> {
  return new Promise((resolve) => {
    const begin = url.protocol === 'https:' ? https.request : http.request
    const sent = begin(url, {
      agent,
      method,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body ?? '')) },
      ...(signal && { signal }),
    })
    const timer = later(ms, () => sent.destroy(new ConfigurationError('timeout', `${url.host} is silent.`)))
    sent.on('error', (error) => {
      clearTimeout(timer)
      resolve({ error, reused: sent.reusedSocket })
    })
    sent.once('response', (response) => {
      clearTimeout(timer)
      resolve({ response, reused: sent.reusedSocket })
    })
    sent.end(body)
  })
}

async function bodyOf(response: IncomingMessage, request: Request, deadline: number): Promise<string> {
  const late = new ConfigurationError('timeout', `${request.url.host} didn't finish its answer.`)
  const timer = later(Math.max(1, deadline - Date.now()), () => response.destroy(late))
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > (request.maxBytes ?? answerBytesMax)) {
        throw new ConfigurationError(
          'malformed',
          `${request.url.host} answers more than ${request.maxBytes ?? answerBytesMax} bytes.`,
        )
      }
      chunks.push(chunk)
    }
  } catch (error) {
    response.destroy()
    throw faultOf(error, request)
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function faultOf(error: unknown, { url, signal }: Request): ConfigurationError {
  if (error instanceof ConfigurationError) return error
  if (signal?.aborted) {
    return signal.reason instanceof ConfigurationError
      ? signal.reason
      : new ConfigurationError('closed', `The request to ${url.host} was given up.`)
  }
  const code = String((error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown')
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)
    ? new ConfigurationError(
        'untrusted',
        `The certificate of ${url.host} is not trusted (${code}); NODE_EXTRA_CA_CERTS names a file with its authority.`,
        { cause: error },
      )
    : new ConfigurationError('unreachable', `${url.host} can't be reached (${code}).`, { cause: error })
}

/** The pause that a busy service asks for: in milliseconds, in seconds, or as a date. */
function retryAfterOf({ statusCode, headers }: IncomingMessage): number {
  if (statusCode !== 429 && statusCode !== 503) return 0
  const exact = Number(headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms'] ?? Number.NaN)
  const said = headers['retry-after'] ?? ''
  const ms = exact >= 0 ? exact : /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now()
  return ms > 0 ? Math.min(ms, retryAfterMsMax) : 0
}

const throttled = (url: URL, status: number, retryAfterMs: number): ConfigurationError =>
  new ConfigurationError('throttled', `${url.host} asks to be left alone for ${Math.ceil(retryAfterMs / 1000)} s.`, {
    status,
    retryAfterMs,
  })

/**
 * An answer that isn't what was asked for, as an error, with the address it is about if that says more. Of its body only
 * the error codes are told, if they look like such.
 */
export function refusal(url: URL, { status, headers, body }: Answer, address?: string): ConfigurationError {
  const retryAfterMs = retryAfterOf({ statusCode: status, headers } as IncomingMessage)
  if (status === 429 || retryAfterMs > 0)
    return retryAfterMs > 0 ? throttled(url, status, retryAfterMs) : busy(url, status)
  const words = errorWordsOf(body).map((word) => ` ${word}`)
  const said = `${url.host} answered ${status}${words.join('')}${address === undefined ? '' : ` for ${address}`}.`
  const code =
    status === 401
      ? 'unauthenticated'
      : status === 403
        ? 'forbidden'
        : status === 404
          ? 'not-found'
          : ('refused' as const)
  return new ConfigurationError(code, said, { status })
}

const busy = (url: URL, status: number) =>
  new ConfigurationError('throttled', `${url.host} answered ${status}.`, { status })

/** A service's code for what went wrong, and the more exact one that Key Vault puts inside it. */
function errorWordsOf(body: string): string[] {
  try {
    const { error } = JSON.parse(body) as { error?: string | { code?: unknown; innererror?: { code?: unknown } } }
    const words = typeof error === 'string' ? [error] : [error?.code, error?.innererror?.code]
    return words.filter((word) => typeof word === 'string' && /^[\w.-]{1,64}$/.test(word)) as string[]
  } catch {
    return []
  }
}

/** The JSON object that an answer holds. Its text is never part of the error. */
export function objectIn(url: URL, body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // The text of a JSON error quotes the answer; an answer may hold values.
  }
  throw new ConfigurationError('malformed', `${url.host} answered something that isn't a JSON object.`)
}
