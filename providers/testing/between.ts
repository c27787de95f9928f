import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Who stands between a provider and its far side, and is no help. */
export type Between = AsyncDisposable & { readonly port: number }
export type Manner = 'says nothing' | 'hangs up' | 'talks nonsense' | 'never ends'

async function listening(meet: (socket: Socket) => void): Promise<Between> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    meet(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Somebody who isn't the far side at all. */
export const startImpostor = (manner: Manner): Promise<Between> =>
  listening((socket) => {
    if (manner === 'says nothing') return
    if (manner === 'hangs up') return void socket.once('data', () => socket.destroy())
    if (manner === 'talks nonsense') return void socket.write(randomBytes(256))
    const talk = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(16 * 1024, 'HTTP/1.1 200 OK\r\nx: '))) {
        // Until the other end can't take any more; then when it can.
      }
    }
    socket.on('drain', talk)
    socket.once('data', talk)
  })

/** Carries everything to and fro, and cuts the line after so many packets of the far side's. */
export async function startForgetful(port: number): Promise<Between & { cutAfter(packets: number | undefined): void }> {
  let left: number | undefined
  const between = await listening((socket) => {
    const onward = connect(port, '127.0.0.1')
    onward.on('error', () => socket.destroy())
    onward.on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
    socket.pipe(onward)
    onward.on('data', (part) => {
      if (left === 0) return void socket.destroy()
      if (left !== undefined) left -= 1
      socket.write(part)
    })
  })
  return {
    ...between,
    cutAfter(packets) {
      left = packets
    },
  }
}

export type Relaying = 'slowly' | 'by halves' | 'twice'

/** Carries everything to the far side, and what it answers back slowly, only half of it and then no more, or twice. */
export const startRelay = (port: number, manner: Relaying): Promise<Between> =>
  listening((socket) => {
    const onward = connect(port, '127.0.0.1')
    onward.on('error', () => socket.destroy())
    // What is still to be carried is, however busy the machine is.
    onward.on('close', () => setTimeout(() => socket.destroySoon(), slownessMs * 2))
    socket.on('close', () => onward.destroy())
    socket.pipe(onward)
    let halved = false
    onward.on('data', (part: Buffer) => {
      if (manner === 'slowly') setTimeout(() => socket.write(part), slownessMs)
      if (manner === 'twice') socket.write(Buffer.concat([part, part]))
      if (manner === 'by halves' && !halved) socket.write(part.subarray(0, part.length / 2))
      halved = true
    })
  })
const slownessMs = 25

/** Somebody whom nobody should call. */
export async function startUncalled(): Promise<Between & { readonly called: number }> {
  let called = 0
  const between = await listening((socket) => {
    called += 1
    socket.destroy()
  })
  return {
    ...between,
    get called() {
      return called
    },
  }
}
