/** A driver under another info: memory standing in for OPFS. */

export function restated<D extends { readonly info: object }>(driver: D, info: D['info']): D {
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'info') return info
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
