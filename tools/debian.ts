import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Servers and clients that the tests drive, by Debian's package, and the file that tells they are there. */
const wanted: Readonly<Record<string, string>> = {
  postgresql: '/usr/lib/postgresql',
  'mariadb-server': '/usr/sbin/mariadbd',
  'redis-server': '/usr/bin/redis-server',
  'rabbitmq-server': '/usr/sbin/rabbitmq-server',
  'openssh-server': '/usr/sbin/sshd',
  softhsm2: '/usr/bin/softhsm2-util',
  'default-jre-headless': '/usr/bin/keytool',
  'azure-cli': '/usr/bin/az',
  'python3-azure': '/usr/lib/python3/dist-packages/azure/keyvault/secrets',
}

/** As much of a machine as decides what is installed on it. */
export type Machine = {
  readonly has: (path: string) => boolean
  readonly isRoot: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The packages that are missing, where we may install them: as root on Debian, unless somebody declines by `INSTALL=no`. */
export function toInstall({ has, isRoot, env }: Machine): string[] {
  if (!isRoot || !has('/etc/debian_version') || env.INSTALL === 'no') return []
  return Object.keys(wanted).filter((name) => !has(wanted[name] as string))
}

/** Installs what is missing where we may. Elsewhere it says nothing; the tests say what they miss. */
export function installMissing(): void {
  const missing = toInstall({ has: existsSync, isRoot: process.getuid?.() === 0, env: process.env })
  if (missing.length === 0) return
  console.log(`Installing what the tests start (INSTALL=no declines): ${missing.join(', ')} …`)
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...words: string[]) =>
    spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...words], { env: environment, encoding: 'utf8' })
  apt('update')
  const { status, stderr } = apt('install', '--no-install-recommends', '--yes', ...missing)
  if (status !== 0) console.error(`Debian's packages could not be installed; their tests will be skipped.\n${stderr}`)
}
