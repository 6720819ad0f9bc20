/** What the command line can say to every benchmark. */
export interface BenchOptions {
  /** Run only the cases whose name contains this. */
  readonly only: string | undefined;
  /** How many interleaved runs; the median of them counts. */
  readonly runs: number | undefined;
  /** How long one run of one contender lasts. */
  readonly seconds: number | undefined;
  /** Multiplies the size of the data set. */
  readonly scale: number | undefined;
  /** A server to use; its user must be allowed to create databases. */
  readonly url: string | undefined;
}
