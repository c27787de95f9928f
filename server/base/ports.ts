import { createServer } from 'node:net'

/**
 * Throws, as listening itself would, where one of these can't be listened on: so that a start which comes to nothing leaves
 * nothing behind. Port 0 is whichever is free.
 */
export async function tryPorts(wanted: readonly { readonly host: string; readonly port: number }[]): Promise<void> {
  for (const { host, port } of wanted) {
    if (port === 0) continue
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen({ host, port }, () => server.close(() => resolve()))
    await promise
  }
}
