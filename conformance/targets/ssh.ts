import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startSshd, type TestSshd } from '@cardea/tools/servers/sshd'
import type { Stand, Target } from './target.ts'

const execute = promisify(execFile)

/** Hosts with OpenSSH, one for each secret: the throw-away server lets in one user only. */
export async function openSshTarget(): Promise<Target> {
  const hosts: TestSshd[] = []
  const { stderr } = await execute('ssh', ['-V'])
  return {
    program: `OpenSSH ${/OpenSSH_(\d\w*\.\w+)/.exec(stderr)?.[1]}`,
    async stand() {
      const sshd = await startSshd()
      hosts.push(sshd)
      return standing(sshd)
    },
    async [Symbol.asyncDispose]() {
      for (const sshd of hosts) await sshd[Symbol.asyncDispose]()
    },
  }
}

async function standing({ folder, host, port, user, hostKey, keys, own }: TestSshd): Promise<Stand> {
  const admin = join(folder, 'admin')
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', admin])
  await writeFile(keys, await readFile(`${admin}.pub`))
  own(keys)
  const privateKey = await readFile(admin, 'utf8')
  return {
    binding: (admin) => ({ host, port, hostKeys: [hostKey], user, admin }),
    draws: JSON.stringify({ hosts: [`${host}:${port}`], user, privateKey }),
    first: undefined,
    accepts: (key) => logsIn(key, { folder, way: ['-P', String(port), `${user}@${host}`] }),
    // One is the administrator's.
    living: async () => (await readFile(keys, 'utf8')).trim().split('\n').length - 1,
  }
}

/** Asks with OpenSSH's own client. */
async function logsIn(key: string, { folder, way }: { folder: string; way: readonly string[] }): Promise<boolean> {
  const file = join(folder, randomUUID())
  await writeFile(file, key, { mode: 0o600 })
  const said = ['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null']
  const options = ['-b', '/dev/null', '-i', file, ...said.flatMap((option) => ['-o', option])]
  try {
    await execute('sftp', [...options, ...way])
    return true
  } catch (error) {
    if ((error as { stderr: string }).stderr.includes('Permission denied')) return false
    throw error
  } finally {
    await rm(file)
  }
}
