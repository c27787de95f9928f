import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import type { Attributes, Handle, Sftp } from 'ssh2'

const sizeMax = 1024 * 1024
const modeWhereNew = 0o600
const permissions = 0o7777
const [formatBits, regularFile] = [0o170000, 0o100000]
const noSuchFile = 2

type Kept = { readonly text: string; readonly mode: number }

/**
 * Changes a text file of a host as a whole: what is new is written beside it and takes its place at once, so that nobody
 * ever reads a half of it. Its mode stays. `mark` stands in the name of what is written beside it: what an attempt of the
 * same mark has left there goes.
 */
export async function changeFile(sftp: Sftp, name: string, mark: string, change: (text: string) => string) {
  // A link is followed once, and stays one.
  const path = await told<string>('find', name, (done) => sftp.realpath(name, done))
  const before = await readFile(sftp, path)
  const text = change(before.text)
  const prefix = `.${posix.basename(path)}.${mark}-`
  await sweep(sftp, posix.dirname(path), prefix)
  if (text === before.text) return
  // Another name each time: a request that comes late must not move what is only half written.
  const beside = posix.join(posix.dirname(path), prefix + randomBytes(6).toString('hex'))
  try {
    await write(sftp, beside, { text, mode: before.mode })
    const now = await readFile(sftp, path)
    if (now.text !== before.text) throw new Error(`Somebody else has changed ${path} at the same moment`)
    await told('replace', path, (done) => sftp.ext_openssh_rename(beside, path, done))
  } catch (error) {
    await told('remove', beside, (done) => sftp.unlink(beside, done)).catch(() => {})
    throw error
  }
}

/** Bytes are read as Latin-1, in which each is one character: whatever stands there stays as it is. */
const encoding = 'latin1'

async function readFile(sftp: Sftp, path: string): Promise<Kept> {
  let handle: Handle
  try {
    handle = await told<Handle>('read', path, (done) => sftp.open(path, 'r', {}, done))
  } catch (error) {
    if ((error as { code?: number }).code === noSuchFile) return { text: '', mode: modeWhereNew }
    throw error
  }
  try {
    const { mode, size } = await told<Attributes>('read', path, (done) => sftp.fstat(handle, done))
    if ((mode & formatBits) !== regularFile) throw new Error(`${path} is no file`)
    if (size > sizeMax) throw new Error(`${path} has ${size} bytes, which no list of keys has`)
    const bytes = Buffer.alloc(size)
    for (let at = 0; at < size; ) {
      const more = await told<number>('read', path, (done) => sftp.read(handle, bytes, at, size - at, at, done))
      if (more === 0) throw new Error(`Somebody else has changed ${path} at the same moment`)
      at += more
    }
    return { text: bytes.toString(encoding), mode: mode & permissions }
  } finally {
    await told<void>('close', path, (done) => sftp.close(handle, done)).catch(() => {})
  }
}

async function write(sftp: Sftp, path: string, { text, mode }: Kept): Promise<void> {
  const bytes = Buffer.from(text, encoding)
  const handle = await told<Handle>('write', path, (done) => sftp.open(path, 'wx', { mode }, done))
  try {
    await told<void>('write', path, (done) => sftp.write(handle, bytes, 0, bytes.length, 0, done))
    // The host's own mask may have taken something away.
    await told<void>('write', path, (done) => sftp.fsetstat(handle, { mode }, done))
    // What is renamed before it is on the disk may be empty after a power failure.
    await told<void>('write', path, (done) => sftp.ext_openssh_fsync(handle, done))
  } finally {
    await told<void>('close', path, (done) => sftp.close(handle, done)).catch(() => {})
  }
}

async function sweep(sftp: Sftp, folder: string, prefix: string): Promise<void> {
  const found = await told<readonly { filename: string }[]>('look into', folder, (done) => sftp.readdir(folder, done))
  for (const { filename } of found) {
    const path = posix.join(folder, filename)
    if (filename.startsWith(prefix)) await told<void>('remove', path, (done) => sftp.unlink(path, done))
  }
}

type Done<T> = (error: (Error & { code?: number }) | undefined, result: T) => void

/** Asks for one thing, and says of what went wrong what it was about. */
const told = <T>(verb: string, path: string, ask: (done: Done<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    ask((error, result) => {
      if (error === undefined) resolve(result)
      else reject(Object.assign(new Error(`The host doesn't let us ${verb} ${path}: ${error.message}`), codeOf(error)))
    })
  })
const codeOf = ({ code }: { code?: number }) => (code === undefined ? {} : { code })
