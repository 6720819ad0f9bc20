import { base, en, Faker } from '@faker-js/faker';

/**
 * Random numbers that are the same for the same seed everywhere. Each row is drawn from a generator
 * of its own, seeded by the row's number, so that any row can be made again without the rows before
 * it: faker's own Mersenne Twister takes a thousand times as long to seed.
 *
 * The generator is mulberry32 (Tommy Ettinger, public domain).
 */
export class Random {
  #state: number;

  constructor(...seed: readonly number[]) {
    this.#state = mix(seed);
  }

  seed(seed: readonly number[]): void {
    this.#state = mix(seed);
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)] ?? items[0];
  }

  /** Half of the results are below `median`; `sigma` is how far the other half reaches up. */
  logNormal(median: number, sigma: number): number {
    // Box and Muller's transform; 1 - next() is never 0.
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(sigma * normal);
  }
}

/**
 * Draws ranks 0 to size - 1, rank r in proportion to 1 / (r + 1)^exponent: a power law, as of the
 * popularity of courses and skills.
 */
export class PowerLaw {
  readonly size: number;
  readonly #cumulated: Float64Array;

  constructor(size: number, exponent: number) {
    this.size = size;
    this.#cumulated = new Float64Array(size);
    let sum = 0;
    for (let rank = 0; rank < size; rank += 1) {
      sum += (rank + 1) ** -exponent;
      this.#cumulated[rank] = sum;
    }
  }

  draw(random: Random): number {
    const target = random.next() * (this.#cumulated[this.size - 1] ?? 0);
    let low = 0;
    let high = this.size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulated[middle] ?? 0) <= target) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Up to `count` different ranks; fewer if chance is against it for too long. */
  drawDistinct(random: Random, count: number): Set<number> {
    const ranks = new Set<number>();
    for (let attempt = 0; ranks.size < count && attempt < count * 20; attempt += 1) {
      ranks.add(this.draw(random));
    }
    return ranks;
  }
}

/** A faker of our own, in English, that draws from this generator: seed that to seed both. */
export function fakerOf(random: Random): Faker {
  return new Faker({
    locale: [en, base],
    randomizer: { next: () => random.next(), seed: (seed) => random.seed([seed].flat()) },
  });
}

/** One well-mixed 32-bit number out of several. */
export function mix(parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) hash = scramble(hash ^ part) + 0x85ebca6b;
  return hash | 0;
}

/**
 * A bijection of the 32-bit numbers: the finalizer of MurmurHash3 (Austin Appleby, public domain).
 */
export function scramble(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
