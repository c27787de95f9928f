import type { IncomingMessage } from 'node:http'
import type { Authorization } from './authorization.ts'
import { ConfigurationError } from './errors.ts'
import { labelOf, noLabel, type Selector } from './filters.ts'
import { type Answer, objectIn, type Request, refusal, type Transport } from './transport.ts'

export type Setting = {
  readonly key: string
  readonly label: string | undefined
  readonly value: string | undefined
  readonly contentType: string | undefined
  readonly etag: string
}
export type Page = {
  readonly path: string
  /** As the header had it, with its quotes. */
  readonly etag: string | undefined
  readonly settings: readonly Setting[]
  readonly next: string | undefined
}

const apiVersion = '2023-11-01'

/** Reads one store's settings: filters, pages, ETags. */
export class Store {
  readonly endpoint: URL
  readonly #transport: Transport
  readonly #authorization: Authorization
  readonly #syncTokens = new Map<string, { value: string; sequence: number }>()

  constructor(endpoint: string, transport: Transport, authorization: Authorization) {
    this.endpoint = new URL(endpoint)
    this.#transport = transport
    this.#authorization = authorization
  }

  /** Where a selector's first page is. */
  firstPage({ keyFilter, labelFilter }: Selector): string {
    const label = labelFilter || noLabel
    return `/kv?api-version=${apiVersion}&key=${encodeURIComponent(keyFilter)}&label=${encodeURIComponent(label)}`
  }

  /** One page; `undefined` when it is as the ETag says. */
  async page(path: string, etag?: string, signal?: AbortSignal): Promise<Page | undefined> {
    const url = this.#url(path)
    const answer = await this.#send({ url, signal, headers: etag ? { 'if-none-match': etag } : {} })
    if (answer.status === 304 && etag) return undefined
    if (answer.status !== 200) throw refusal(url, answer)
    const { items, '@nextLink': next } = objectIn(url, answer.body)
    const settings = Array.isArray(items) ? items.map(settingFrom) : [undefined]
    if (settings.includes(undefined) || (next !== undefined && next !== null && typeof next !== 'string')) {
      throw new ConfigurationError('malformed', `${url.host} answered something that isn't a page of settings.`)
    }
    return { path, etag: answer.headers.etag, settings: settings as Setting[], next: next ?? undefined }
  }

  /** One setting; `unchanged` when it is as the ETag says, `absent` when there is none. */
  async setting(
    key: string,
    label?: string,
    etag?: string,
    signal?: AbortSignal,
  ): Promise<Setting | 'unchanged' | 'absent'> {
    const place = `${encodeURIComponent(key)}?api-version=${apiVersion}&label=${encodeURIComponent(label ?? noLabel)}`
    const url = this.#url(`/kv/${place}`)
    const answer = await this.#send({ url, signal, headers: etag ? { 'if-none-match': `"${etag}"` } : {} })
    if (answer.status === 304 && etag) return 'unchanged'
    if (answer.status === 404) return 'absent'
    if (answer.status !== 200) throw refusal(url, answer)
    const setting = settingFrom(objectIn(url, answer.body))
    if (setting?.key === key && setting.label === label) return setting
    throw new ConfigurationError('malformed', `${url.host} answered something that isn't the setting "${key}".`)
  }

  /** Opens the change stream, after this event. Gives the answer whatever its status. */
  async follow(after: number | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    const headers = { accept: 'text/event-stream', ...(after !== undefined && { 'last-event-id': String(after) }) }
    const request: Request = { url: this.#url('/.cardea/changes'), headers, signal }
    const proof = await this.#authorization.headersFor(request)
    const response = await this.#transport.open({ ...request, headers: { ...headers, ...proof } })
    if (response.statusCode === 401) this.#authorization.refused(proof)
    return response
  }

  async #send(request: Request, again = false): Promise<Answer> {
    const sync = [...this.#syncTokens].map(([id, { value }]) => `${id}=${value}`).join(',')
    const headers = { accept: '*/*', ...request.headers, ...(sync && { 'sync-token': sync }) }
    const proof = await this.#authorization.headersFor(request)
    const answer = await this.#transport.send({ ...request, headers: { ...headers, ...proof } })
    if (answer.status === 401 && !again && this.#authorization.refused(proof)) return this.#send(request, true)
    this.#keepSyncTokens(answer.headers['sync-token'])
    return answer
  }

  /** What we have seen once, we never want to fall behind, whichever replica answers. */
  #keepSyncTokens(header: string | string[] | undefined): void {
    for (const [, id = '', value = '', digits] of String(header ?? '').matchAll(/([^=,\s]+)=([^;]+);sn=(\d+)/g)) {
      const sequence = Number(digits)
      if (sequence >= (this.#syncTokens.get(id)?.sequence ?? 0)) this.#syncTokens.set(id, { value, sequence })
    }
  }

  #url(path: string): URL {
    const url = new URL(path, this.endpoint)
    // A link to the next page that leads elsewhere would carry our token there.
    if (url.origin === this.endpoint.origin) return url
    throw new ConfigurationError('untrusted', `${this.endpoint.host} points to another host for its next page.`)
  }
}

const text = (value: unknown): value is string => typeof value === 'string'
const textOrNone = (value: unknown): value is string | null | undefined =>
  value === undefined || value === null || text(value)

function settingFrom(item: unknown): Setting | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const { key, label, value, content_type: contentType, etag } = item as Record<string, unknown>
  if (!text(key) || !text(etag) || !textOrNone(label) || !textOrNone(value) || !textOrNone(contentType))
    return undefined
  return { key, label: labelOf(label), value: value ?? undefined, contentType: contentType ?? undefined, etag }
}
