interface Flight<V> {
  promise: Promise<V>
}

/** Loads under way: one for each key, and what happens to the key meanwhile wins over what is brought. */
export class Flights<K, V> {
  readonly #flights = new Map<K, Flight<V>>()

  /**
   * Joins the load of this key, or starts one. What it brings is given to `keep` first, if nobody has called the flight off
   * until then; a load that fails is forgotten.
   */
  fly(key: K, load: (key: K) => V | Promise<V>, keep: (value: V) => void): Promise<V> {
    const known = this.#flights.get(key)
    if (known !== undefined) return known.promise
    let settle: (value: V | Promise<V>) => void = () => {}
    const flight: Flight<V> = { promise: new Promise((resolve) => (settle = resolve)) }
    // Before `load` runs: it may come back for the same key.
    this.#flights.set(key, flight)
    settle(this.#bring(key, flight, load, keep))
    return flight.promise
  }

  async #bring(
    key: K,
    flight: Flight<V>,
    load: (key: K) => V | Promise<V>,
    keep: (value: V) => void,
  ): Promise<V> {
    try {
      const value = await load(key)
      if (this.#flights.get(key) === flight) keep(value)
      return value
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
  }

  /** The keys that are being loaded. */
  keys(): K[] {
    return [...this.#flights.keys()]
  }

  /** What the flight of this key brings is not kept, and who asks from now on does not join it. */
  callOff(key: K): void {
    if (this.#flights.size > 0) this.#flights.delete(key)
  }

  callOffAll(): void {
    this.#flights.clear()
  }
}
