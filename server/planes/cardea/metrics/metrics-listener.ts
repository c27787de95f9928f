import { createServer } from 'node:http'
import { textOf, textType } from '#base/metrics-text.ts'
import type { Metrics } from './metrics.ts'

/**
 * The same metrics on a port of their own, on loopback, for a collector on this machine: without TLS and without a token,
 * and nothing else. A page in a browser that points a name of its own at loopback is not answered.
 */
export async function listenForMetrics(
  metrics: Metrics,
  port: number,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, answer) => {
    const say = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
      answer.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    const host = (request.headers.host ?? '').replace(/:\d{1,5}$/, '')
    if (!['127.0.0.1', 'localhost'].includes(host)) say(421, 'This port is for collectors on this machine.\n')
    else if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics')
      say(404, 'There is /metrics here.\n')
    else {
      metrics.families().then(
        (families) => say(200, textOf(families), textType),
        () => say(503, 'The store does not answer.\n'),
      )
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
