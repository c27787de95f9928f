import assert from 'node:assert/strict'
import { connect, createServer, type TlsOptions } from 'node:tls'
import type { CertificateBundle } from '@cardea/contract/vault/certificate-answers'
import type { Heard, House } from '../../../testing/house.ts'
import { until } from '../../../testing/rotating-keys.ts'
import { newest } from './vault.ts'

/** A certificate as most people want one. */
export const selfPolicy = {
  issuer: { name: 'Self' },
  x509_props: { subject: 'CN=localhost', sans: { dns_names: ['localhost'] } },
}

/** A vault in a house, as one asks it who makes certificates; for tests. */
export type Certificates = {
  ask(method: string, path: string, body?: unknown, query?: string): Promise<Heard>
  /** The same, where nothing else than success will do. */
  done(method: string, path: string, body?: unknown): Promise<Heard['json']>
  /** Has a certificate made, or its next version, and waits for it. */
  make(name: string, policy?: object, more?: object): Promise<CertificateBundle>
  /** Waits for a certificate that was asked for. */
  made(name: string): Promise<CertificateBundle>
}

/** A token is fetched for each request: clocks of tests leap. */
export function certificatesIn(
  house: House,
  tokenOf: () => Promise<string> = () => house.developerToken(),
  host = house.vaultHost,
): Certificates {
  const ask: Certificates['ask'] = async (method, path, body, query = newest) =>
    house.ask(host, method, `${path}?${query}`, { token: await tokenOf(), body })
  const done: Certificates['done'] = async (method, path, body) => {
    const { status, text, json } = await ask(method, path, body)
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`)
    return json
  }
  const made: Certificates['made'] = async (name) => {
    await until(
      `${name} is made`,
      async () => (await done('GET', `/certificates/${name}/pending`)).status !== 'inProgress',
    )
    const operation = await done('GET', `/certificates/${name}/pending`)
    assert.equal(operation.status, 'completed', JSON.stringify(operation))
    return done('GET', `/certificates/${name}`)
  }
  return {
    ask,
    done,
    made,
    async make(name, policy = selfPolicy, more = {}) {
      await done('POST', `/certificates/${name}/create`, { policy, ...more })
      return made(name)
    },
  }
}

export const versionIn = ({ id }: { readonly id: string }): string => id.split('/').at(-1) as string

/** Serves TLS once with what is given, and says what a client heard that trusts nothing but `ca`. */
export const heardOverTls = (given: TlsOptions, ca: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const server = createServer(given, (socket) => socket.end('hello'))
    server.on('tlsClientError', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca })
      socket.on('data', (data) => resolve(data.toString()))
      socket.on('error', reject)
      socket.on('close', () => server.close())
    })
  })

export const pemOf = (base64: string): string =>
  `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
