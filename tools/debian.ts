import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Servers and clients that the tests drive, by Debian's package, and the file that tells they are there. */
const wanted: readonly { readonly name: string; readonly tells: () => boolean }[] = [
  { name: 'postgresql', tells: () => existsSync('/usr/lib/postgresql') },
  { name: 'mariadb-server', tells: () => existsSync('/usr/sbin/mariadbd') },
  { name: 'redis-server', tells: () => existsSync('/usr/bin/redis-server') },
  { name: 'rabbitmq-server', tells: () => existsSync('/usr/sbin/rabbitmq-server') },
  { name: 'openssh-server', tells: () => existsSync('/usr/sbin/sshd') },
  { name: 'softhsm2', tells: () => existsSync('/usr/bin/softhsm2-util') },
  { name: 'default-jre-headless', tells: () => existsSync('/usr/bin/keytool') },
  { name: 'azure-cli', tells: () => existsSync('/usr/bin/az') },
  { name: 'python3-azure', tells: () => existsSync('/usr/lib/python3/dist-packages/azure/keyvault/secrets') },
]

/** Installs what is missing where we may: root on Debian. Elsewhere it says nothing; the tests say what they miss. */
export function installMissing(): void {
  const missing = wanted.filter(({ tells }) => !tells()).map(({ name }) => name)
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return
  console.log(`Installing what the tests start: ${missing.join(', ')} …`)
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...words: string[]) =>
    spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...words], { env: environment, encoding: 'utf8' })
  apt('update')
  const { status, stderr } = apt('install', '--no-install-recommends', '--yes', ...missing)
  if (status !== 0) console.error(`Debian's packages could not be installed; their tests will be skipped.\n${stderr}`)
}
