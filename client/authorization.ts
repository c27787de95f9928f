import { createHash, createHmac } from 'node:crypto'
import { ConfigurationError } from './errors.ts'
import type { Tokens } from './tokens.ts'
import type { Answer, Request } from './transport.ts'

/** How a request to a store proves who sends it. */
export type Authorization = {
  headersFor(request: Request): Promise<Record<string, string>>
  /** The store refused what we sent. Tells whether it is worth asking again. */
  refused(headers: Record<string, string>): boolean
}
export type AccessKey = { readonly id: string; readonly secret: Buffer }

/** `Endpoint=https://…;Id=…;Secret=…`, as the service hands it out. */
export function connectionFrom(text: string): { endpoint: string; key: AccessKey } {
  const part = (name: string) => new RegExp(`(?:^|;)\\s*${name}=([^;]+)`, 'i').exec(text)?.[1]
  const [endpoint, id, secret] = [part('Endpoint'), part('Id'), part('Secret')]
  if (!endpoint || !id || !secret) {
    throw new ConfigurationError('invalid', 'A connection string has the form Endpoint=…;Id=…;Secret=….')
  }
  return { endpoint, key: { id, secret: Buffer.from(secret, 'base64') } }
}

/** HMAC-SHA256 over the request exactly as it is sent. */
export const byKey = ({ id, secret }: AccessKey): Authorization => ({
  async headersFor({ url, method = 'GET', body = '' }) {
    const date = new Date().toUTCString()
    const hash = createHash('sha256').update(body).digest('base64')
    const signed = `${method}\n${url.pathname}${url.search}\n${date};${url.host};${hash}`
    const signature = createHmac('sha256', secret).update(signed).digest('base64')
    const authorization = `HMAC-SHA256 Credential=${id}&SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`
    return { 'x-ms-date': date, 'x-ms-content-sha256': hash, authorization }
  },
  refused: () => false,
})

/** A token for exactly this store. */
export const byToken = (tokens: Tokens, scope: string): Authorization => ({
  async headersFor() {
    return { authorization: `Bearer ${(await tokens.get(scope)).token}` }
  },
  refused(headers) {
    tokens.forget(scope, headers.authorization?.slice('Bearer '.length) ?? '')
    return true
  },
})

export type Challenge = { readonly scope: string; readonly tenantId: string | undefined }

/**
 * What a vault asks for in its 401. The vault must be a strict sub-domain of the resource it names: otherwise any host
 * that a setting points at could have itself given a token that opens other people's vaults.
 */
export function challengeFrom(vault: URL, { headers, status }: Answer): Challenge {
  const text = headers['www-authenticate'] ?? ''
  const parts = Object.fromEntries(
    [...text.matchAll(/(?<![\w-])([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
  const authority = parts.authorization ?? parts.authorization_uri
  const resource = (parts.resource ?? parts.scope)?.replace(/\/\.default$/, '').replace(/(?<!\/)\/+$/, '')
  if (!/^bearer\s/i.test(text) || !authority || !resource || !URL.canParse(authority) || !URL.canParse(resource)) {
    throw new ConfigurationError(
      'unauthenticated',
      `${vault.host} answered ${status} without saying what token it wants.`,
    )
  }
  const { protocol, hostname } = new URL(resource)
  if (protocol !== 'https:' || !hostname.includes('.') || !vault.hostname.endsWith(`.${hostname}`)) {
    throw new ConfigurationError(
      'untrusted',
      `${vault.host} wants a token for ${hostname}, to which it doesn't belong.`,
    )
  }
  const tenantId = new URL(authority).pathname.split('/')[1]
  return { scope: `${resource}/.default`, tenantId: tenantId || undefined }
}
