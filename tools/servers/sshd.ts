import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { unprivileged } from './guard.ts'
import { freePort } from './ports.ts'
import { programOf, type ThrowAway, throwAway } from './throw-away.ts'

/**
 * A throw-away OpenSSH server on a free loopback port. It runs without privileges and so lets in one user only: who it
 * runs as, in a home folder of its own, with the keys that its `authorized_keys` names.
 */
export type TestSshd = ThrowAway & {
  readonly host: string
  readonly port: number
  readonly user: string
  /** The key that the host shows, as in its file. */
  readonly hostKey: string
  /** The user's home folder. */
  readonly home: string
  /** The file of keys, in the home folder. */
  readonly keys: string
}

const execute = promisify(execFile)

export const findSshd = (): string | undefined => programOf('sshd')

export async function startSshd(): Promise<TestSshd> {
  const program = findSshd()
  if (program === undefined) throw new Error("OpenSSH's server isn't installed")
  const server = await throwAway('sshd', { user: 'nobody' })
  const host = '127.0.0.1'
  const port = await freePort()
  const [home, hostKeyFile] = [join(server.folder, 'home'), join(server.folder, 'host-key')]
  const keys = join(home, '.ssh', 'authorized_keys')
  for (const folder of [home, join(home, '.ssh')]) {
    await mkdir(folder, { mode: 0o700 })
    server.own(folder)
  }
  await writeFile(keys, '', { mode: 0o600 })
  server.own(keys)
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKeyFile])
  server.own(hostKeyFile)
  // PAM, since who can't read the shadow file takes every account for a locked one; and the folder for what is thrown away
  // is everybody's, which strict modes don't like.
  const settings = `
    ListenAddress ${host}
    Port ${port}
    HostKey ${hostKeyFile}
    PidFile none
    AuthorizedKeysFile ${keys}
    AuthenticationMethods publickey
    UsePAM yes
    StrictModes no
    Subsystem sftp internal-sftp -d ${home}
    ForceCommand internal-sftp -d ${home}
    MaxStartups 100
    LogLevel VERBOSE
  `
  const settingsFile = join(server.folder, 'sshd_config')
  await writeFile(settingsFile, settings)
  try {
    await server.start(program, ['-D', '-e', '-f', settingsFile], () => answers(port, host))
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  const hostKey = (await readFile(`${hostKeyFile}.pub`, 'utf8')).trim()
  return { ...server, host, port, user: runsAs(), hostKey, home, keys }
}

/** Whether a server of this protocol greets. */
const answers = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host)
    const done = (so: boolean) => {
      socket.destroy()
      resolve(so)
    }
    socket.once('data', (part) => done(String(part).startsWith('SSH-2.0')))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })

function runsAs(): string {
  const uid = String(unprivileged('nobody')?.uid ?? process.getuid?.())
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  return accounts.map((line) => line.split(':')).find((fields) => fields[2] === uid)?.[0] ?? 'nobody'
}
