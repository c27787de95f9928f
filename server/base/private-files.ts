import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Folders and files that only we may read, and that nobody else put there: whoever can plant a key knows it. What is
 * written is whole or not there at all, and follows no link that somebody laid in its way.
 */

/**
 * Makes a folder, or takes one that is ours, and closes it to others. One that is in use already, and doesn't hold the
 * file that shows it to be ours, is left as it is: closing /var/lib would be a bad surprise.
 */
export function privateFolder(path: string, sign: string): void {
  const { uid, mode } = madeFolder(path)
  refuseForeign(path, uid)
  if ((mode & 0o077) === 0) return
  if (readdirSync(path).length > 0 && !existsSync(join(path, sign))) {
    throw new Error(`${path} is in use, and others can look into it. Choose another folder, or run: chmod 700 ${path}`)
  }
  chmodSync(path, 0o700)
}

/** The text of a file; undefined if there is none. Throws when it is another's, or when others can read it. */
export function readPrivate(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const descriptor = openSync(file, 'r')
  try {
    const { uid, mode } = fstatSync(descriptor)
    refuseForeign(file, uid)
    if ((mode & 0o077) !== 0) throw new Error(`${file} can be read by others. Run: chmod 600 ${file}`)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

/** Gives a file another text. */
export function writePrivate(file: string, text: string): void {
  renameSync(drafted(file, text, 0o600), file)
  keepName(file)
}

/** Adds a line to a file, down to the disk; makes the file if there is none. Follows no link. */
export function appendPrivate(file: string, line: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
  try {
    writeFileSync(descriptor, `${line}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Gives a file its first text, and never another: of two who begin at once, both find what the first one wrote. */
export function writeFirst(file: string, text: string, mode = 0o600): void {
  const draft = drafted(file, text, mode)
  try {
    giveName(draft, file)
  } catch (error) {
    // Somebody else was first.
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  keepName(file)
}

/** Puts a draft under its name, unless something has that already (EEXIST). */
function giveName(draft: string, file: string): void {
  try {
    linkSync(draft, file)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error
    // Some file systems have no links (SMB).
    copyFileSync(draft, file, constants.COPYFILE_EXCL)
    synchronise(file)
  }
}

/** Brings a file's name down to the disk, as its text is: a database elsewhere may soon rest on what it says. */
function keepName(file: string): void {
  try {
    synchronise(dirname(file))
  } catch (error) {
    // Some file systems don't do that for folders (SMB), and some folders may be written and not read.
    if (!['EINVAL', 'ENOTSUP', 'EACCES'].includes(codeOf(error) ?? '')) throw error
  }
}

function synchronise(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Written beside the file, down to the disk, for the caller to move. */
function drafted(file: string, text: string, mode: number): string {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const descriptor = openSync(draft, 'wx', mode)
  try {
    fchmodSync(descriptor, mode)
    writeFileSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  return draft
}

function madeFolder(path: string): Stats {
  try {
    makeFolder(path)
    return statSync(`${path}/`)
  } catch (cause) {
    throw new Error(`${path} can't be made a folder (${codeOf(cause)}). Choose another one.`, { cause })
  }
}

/** One by one: with `recursive`, Node never comes back from a parent that is there and takes no child, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function refuseForeign(path: string, uid: number): void {
  const us = process.getuid?.()
  if (us === undefined || uid === us) return
  throw new Error(`${path} belongs to another user, who may have laid it there. Remove it, or choose another folder.`)
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code
