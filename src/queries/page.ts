/** Which page of a list. */
export interface PageParams {
  /** How many items at most, from 1 to 100. Default 20. */
  limit?: number | undefined;
  /** The `nextCursor` of the page before, of the same list. Default: the first page. */
  cursor?: string | undefined;
}

/** A page of a list. */
export interface Page<Item> {
  /** At most `limit` of them, in the order of the list. */
  items: Item[];
  /** The `cursor` of the next page; null on the last. */
  nextCursor: string | null;
}
