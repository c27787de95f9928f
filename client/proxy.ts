import * as http from 'node:http'
import * as https from 'node:https'
import type { Duplex } from 'node:stream'
import * as tls from 'node:tls'
import { ConfigurationError } from './errors.ts'

/** The way out through a CONNECT proxy: `HTTPS_PROXY` and `NO_PROXY` as curl, Python and the Azure tools read them. */
export type ProxySettings = { readonly proxy: URL | undefined; readonly bypass: readonly string[] }
type Environment = Readonly<Record<string, string | undefined>>

/** The proxy that a program names itself, else the environment's; with `false` none. Refuses what isn't an http or https URL. */
export function proxyFrom(env: Environment, given?: string | false): ProxySettings {
  const text = given === false ? undefined : given || env.HTTPS_PROXY || env.https_proxy
  const bypass = given
    ? []
    : (env.NO_PROXY ?? env.no_proxy ?? '')
        .toLowerCase()
        .split(/[\s,]+/)
        .filter(Boolean)
  if (!text) return { proxy: undefined, bypass }
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(address) || !/^https?:\/\//i.test(address)) {
    throw new ConfigurationError('invalid', 'HTTPS_PROXY must be an http or https URL.')
  }
  return { proxy: new URL(address), bypass }
}

/** Whether a host is reached without the proxy: `*`, a name and everything under it, with or without a port. */
export const bypasses = (bypass: readonly string[], host: string, port: number): boolean =>
  bypass.some((entry) => {
    if (entry === '*') return true
    const [, name = '', onlyPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
    if (onlyPort !== undefined && Number(onlyPort) !== port) return false
    const domain = name.replace(/^\*?\./, '')
    const wanted = host.toLowerCase()
    return wanted === domain || wanted.endsWith(`.${domain}`)
  })

const connectMsMax = 10_000

/** An agent that keeps its connections, and makes them through the proxy where there is one. */
export class TunnelAgent extends https.Agent {
  readonly #settings: ProxySettings

  constructor(settings: ProxySettings, options: https.AgentOptions) {
    super({ keepAlive: true, scheduling: 'lifo', ...options })
    this.#settings = settings
  }

  override createConnection(
    options: https.RequestOptions,
    done: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const host = options.host ?? 'localhost'
    const port = Number(options.port ?? 443)
    const { proxy, bypass } = this.#settings
    if (!proxy || bypasses(bypass, host, port)) return super.createConnection(options, done)
    const fail = (error: Error) => done(error, undefined as unknown as Duplex)
    tunnel(proxy, host, port, (error, socket) => {
      if (!socket) return fail(error ?? new Error('no tunnel'))
      // `options` names the server for SNI and carries the certificates to trust; the tunnel only replaces the TCP part.
      done(null, tls.connect({ ...(options as tls.ConnectionOptions), socket }))
    })
    return undefined
  }
}

function tunnel(proxy: URL, host: string, port: number, done: (error: Error | null, socket?: Duplex) => void): void {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  const request = (proxy.protocol === 'https:' ? https : http).request({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: authority,
    agent: false,
    timeout: connectMsMax,
    headers: {
      host: authority,
      ...(proxy.username && { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }),
    },
  })
  request.once('timeout', () =>
    request.destroy(new ConfigurationError('timeout', `The proxy ${proxy.host} is silent.`)),
  )
  request.once('error', (error) => done(error))
  request.once('connect', (response, socket) => {
    if (response.statusCode === 200) return done(null, socket)
    socket.destroy()
    const said = `The proxy ${proxy.host} answered ${response.statusCode} for ${authority}.`
    done(new ConfigurationError('unreachable', said))
  })
  // A proxy that answers CONNECT like any other request, with a body.
  request.once('response', (response) => {
    response.destroy()
    done(
      new ConfigurationError(
        'unreachable',
        `The proxy ${proxy.host} answered ${response.statusCode} for ${authority}.`,
      ),
    )
  })
  request.end()
}
