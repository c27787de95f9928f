import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** How long a client may take to read why its connection ends. */
const lastWordMs = 1_000

/** What isn't HTTP is told so and cut off. */
export function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET') return void socket.destroy()
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  endWith(socket, status)
}

/** Connections whose end was decided. What else comes on them is nobody's. */
const ending = new WeakSet<Duplex>()

/** The last word on a connection. What was asked on it before is answered before, or this would be taken for its answer. */
export function endWith(socket: Duplex, status: string): void {
  if (ending.has(socket)) return
  ending.add(socket)
  const say = () => {
    // An answer that said it was the last ends the connection itself, once all of it is sent.
    if (!socket.writable) return
    const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse | null }
    if (answer?.req.complete) return void answer.once('finish', say)
    if (answer?.headersSent) return void socket.destroy()
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    // The other side may leave its own end open for as long as it likes.
    setTimeout(() => socket.destroy(), lastWordMs)
  }
  say()
}
