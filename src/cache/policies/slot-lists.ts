import type { SlotOrder } from './policy-state.ts'

/** No slot. */
export const NONE = -1

/** One of the lists that share the links of `SlotLists`. */
export interface SlotList {
  head: number
  tail: number
  count: number
}

/** Doubly linked lists of slots on one flat array. A slot is in one list at a time. */
export class SlotLists {
  /** Next and previous of each slot, side by side. */
  #links = new Int32Array(0)

  grow(capacity: number): void {
    const links = new Int32Array(2 * capacity)
    links.set(this.#links)
    this.#links = links
  }

  next(slot: number): number {
    return this.#links[2 * slot] as number
  }

  previous(slot: number): number {
    return this.#links[2 * slot + 1] as number
  }

  append(list: SlotList, slot: number): void {
    const links = this.#links
    const { tail } = list
    links[2 * slot] = NONE
    links[2 * slot + 1] = tail
    if (tail === NONE) list.head = slot
    else links[2 * tail] = slot
    list.tail = slot
    list.count++
  }

  /** Puts a slot behind another one of the list. */
  insertAfter(list: SlotList, place: number, slot: number): void {
    const links = this.#links
    const next = links[2 * place] as number
    if (next === NONE) return this.append(list, slot)
    links[2 * slot] = next
    links[2 * slot + 1] = place
    links[2 * place] = slot
    links[2 * next + 1] = slot
    list.count++
  }

  remove(list: SlotList, slot: number): void {
    const links = this.#links
    const next = links[2 * slot] as number
    const previous = links[2 * slot + 1] as number
    if (previous === NONE) list.head = next
    else links[2 * previous] = next
    if (next === NONE) list.tail = previous
    else links[2 * next + 1] = previous
    list.count--
  }

  /** Tells all slots of a list, from its head on, with this mark. */
  save(list: SlotList, mark: number, order: SlotOrder): void {
    for (let slot = list.head; slot !== NONE; slot = this.next(slot)) order.push(slot, mark)
  }

  /** Appends all slots, whatever their marks. */
  restore(list: SlotList, order: SlotOrder): void {
    for (let i = 0; i < order.count; i++) this.append(list, order.slots[i] as number)
  }

  /** The slot becomes the last of its list. */
  renew(list: SlotList, slot: number): void {
    if (list.tail === slot) return
    this.remove(list, slot)
    this.append(list, slot)
  }
}

export function emptyList(): SlotList {
  return { head: NONE, tail: NONE, count: 0 }
}

export function emptyOut(list: SlotList): void {
  list.head = NONE
  list.tail = NONE
  list.count = 0
}
