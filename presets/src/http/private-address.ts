/**
 * `isPrivateAddress` and `isPrivateHost`: which addresses and names lead into a network of one's own, where a server must
 * not be sent by others. What is not known to be public counts as private.
 */
import ipaddr from 'ipaddr.js'

/** Whether a literal IP address is anything but an address of the public internet. */
export function isPrivateAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return true
  // An IPv4 address within an IPv6 one is judged as what it is.
  const parsed = ipaddr.process(address)
  if (parsed instanceof ipaddr.IPv4) return parsed.range() !== 'unicast' || platformAddresses.has(address)
  const embedded = translated(parsed)
  if (embedded !== null) return isPrivateAddress(embedded)
  const [first = 0] = parsed.parts
  // 2000::/3 is all of IPv6 that is public: https://www.iana.org/assignments/ipv6-address-space
  return parsed.range() !== 'unicast' || first < 0x2000 || first > 0x3fff
}

/**
 * Whether the host of a URL is a private address or a name that only means something in a private network. URLs spell
 * their hosts in one way, so decimal, hexadecimal, octal and full-width spellings of an address have become plain here.
 */
export function isPrivateHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPrivateAddress(hostname.slice(1, -1))
  const name = hostname.toLowerCase().replace(/(?<!\.)\.+$/, '')
  if (ipaddr.isValid(name)) return isPrivateAddress(name)
  return name === '' || privateNames.some((suffix) => name === suffix || name.endsWith(`.${suffix}`))
}

/** RFC 6761, RFC 6762, RFC 8375, and ICANN's resolution of 2024-07-29 on `internal`. */
const privateNames = ['localhost', 'local', 'home.arpa', 'internal']

/**
 * Public by range, but answered by the platform itself:
 * https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const platformAddresses: ReadonlySet<string> = new Set(['168.63.129.16'])

/** The IPv4 address that a NAT64 address of the well-known prefix 64:ff9b::/96 stands for (RFC 6052). */
function translated({ parts }: { readonly parts: readonly number[] }): string | null {
  const [a, b, c, d, e, f, high = 0, low = 0] = parts
  if (a !== 0x64 || b !== 0xff9b || c !== 0 || d !== 0 || e !== 0 || f !== 0) return null
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}
