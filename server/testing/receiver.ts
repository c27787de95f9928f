import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuthority } from '#base/authority.ts'

/** A web hook that keeps what it hears and answers as a test says; for tests. */
export type WebHook = AsyncDisposable & {
  /** With a credential in its query, as a function's has. */
  readonly url: string
  /** The certificate to trust in. */
  readonly ca: string
  readonly heard: HeardThere[]
  /** The events among what was heard, without questions whether it wants any. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of them
  events(): any[]
}
export type HeardThere = { readonly method: string; readonly headers: IncomingHttpHeaders; readonly body: string }
export type Said = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }

/** How a function answers that was written for Event Grid. */
export function asGrid({ headers, body }: HeardThere): Said {
  if (headers['aeg-event-type'] !== 'SubscriptionValidation') return { status: 200 }
  const [{ data }] = JSON.parse(body)
  return { status: 200, body: { validationResponse: data.validationCode } }
}
/** How a receiver of CloudEvents answers. */
export const asCloud = ({ method, headers }: HeardThere): Said =>
  method === 'OPTIONS'
    ? { status: 200, headers: { 'webhook-allowed-origin': String(headers['webhook-request-origin']) } }
    : { status: 204 }

export async function openWebHook(
  answer: (heard: HeardThere, count: number) => Said | Promise<Said>,
): Promise<WebHook> {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-hook-'))
  const authority = await openAuthority(folder, 'cardea.internal', new Date())
  const { cert, key } = await authority.serverCertificate(new Date())
  const heard: HeardThere[] = []
  const server = createServer({ cert, key }, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', async () => {
      const one = {
        method: request.method ?? '',
        headers: request.headers,
        body: Buffer.concat(parts).toString('utf8'),
      }
      heard.push(one)
      const { status, headers = {}, body } = await answer(one, heard.length)
      response.writeHead(status, headers).end(body === undefined ? undefined : JSON.stringify(body))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://login.cardea.internal:${(server.address() as AddressInfo).port}/hook?code=s3cret-code`,
    ca: authority.ca,
    heard,
    events: () =>
      heard
        .filter(({ method, headers }) => method === 'POST' && headers['aeg-event-type'] !== 'SubscriptionValidation')
        .flatMap(({ body }) => JSON.parse(body)),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What a house needs to be able to reach a web hook of ours. */
export const reaching = (...hooks: readonly Pick<WebHook, 'ca'>[]) => ({
  env: { CARDEA_EVENTS_PRIVATE: 'yes', CARDEA_EVENTS_CA: hooks.map(({ ca }) => ca).join('\n') },
  events: { pausesMs: [20], lookup: async () => ['127.0.0.1'] },
})
