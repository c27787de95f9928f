import type { IncomingHttpHeaders } from 'node:http'
import { type Agent, request } from 'node:https'

export type Asked = {
  readonly port: number
  readonly ca: string
  /** The name that is asked for; the connection itself goes to loopback. */
  readonly host: string
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: Agent
}
export type Answered = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }

/** One request over TLS to a server on loopback by the name it has in the world. Rejects when no whole answer came. */
export function ask({ port, ca, host, method, path, headers, body, agent }: Asked): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        ca,
        servername: host,
        method,
        path,
        headers: { host, ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
        ...(agent !== undefined && { agent }),
      },
      (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.once('error', reject)
        answer.once('close', () => {
          if (!answer.complete) return reject(new Error('The answer broke off'))
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(parts).toString('utf8'),
          })
        })
      },
    )
    sent.once('error', reject)
    sent.end(body)
  })
}
