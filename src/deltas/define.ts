/** Sets an own field, also where an inherited one of that name would catch or refuse a plain assignment (`__proto__`). */
export function define(object: object, name: string, value: unknown): void {
  if (!(name in object) || Object.hasOwn(object, name)) (object as Record<string, unknown>)[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}
