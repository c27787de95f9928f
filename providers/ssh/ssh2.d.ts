/**
 * What is used of ssh2, which brings no types of its own; those that others keep for it are of another Node and cover ten
 * times as much.
 */
declare module 'ssh2' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  type Done<T> = (error: (Error & { code?: number }) | undefined, result: T) => void
  export type Attributes = { readonly mode: number; readonly size: number }
  export type Handle = Buffer
  export type KeyMethod = { readonly type: 'publickey'; readonly username: string; readonly key: string }

  export interface Sftp {
    realpath(path: string, done: Done<string>): void
    open(path: string, flags: string, attributes: { mode?: number }, done: Done<Handle>): void
    close(handle: Handle, done: Done<void>): void
    fstat(handle: Handle, done: Done<Attributes>): void
    fsetstat(handle: Handle, attributes: { mode: number }, done: Done<void>): void
    read(handle: Handle, buffer: Buffer, offset: number, length: number, position: number, done: Done<number>): void
    write(handle: Handle, buffer: Buffer, offset: number, length: number, position: number, done: Done<void>): void
    unlink(path: string, done: Done<void>): void
    readdir(path: string, done: Done<readonly { readonly filename: string }[]>): void
    ext_openssh_fsync(handle: Handle, done: Done<void>): void
    ext_openssh_rename(from: string, to: string, done: Done<void>): void
  }

  export class Client extends EventEmitter {
    connect(settings: {
      readonly sock: Socket
      readonly username: string
      readonly readyTimeout: number
      readonly strictVendor: boolean
      readonly algorithms: { readonly serverHostKey: readonly string[] }
      readonly hostVerifier: (key: Buffer) => boolean
      readonly authHandler: (left: readonly string[] | null, partly: boolean | null) => KeyMethod | false
    }): void
    sftp(done: Done<Sftp>): void
    end(): void
  }
  export const utils: {
    parseKey(key: string): PublicKey | readonly PublicKey[] | Error
  }
  export type PublicKey = { getPublicSSH(): Buffer }
  const ssh2: { readonly Client: typeof Client; readonly utils: typeof utils }
  export default ssh2
}
