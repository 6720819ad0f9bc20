import type { Database } from '../../src/db/connect.ts';
import type { Contender } from '../lib/measure.ts';

/** A database of one size. */
export interface World {
  readonly name: string;
  readonly size: number;
  readonly db: Database;
}

/** The same work in every world, side by side. */
export const inEach = (
  worlds: readonly World[],
  make: (world: World) => Omit<Contender, 'name'>,
): Contender[] => worlds.map((world) => ({ name: world.name, ...make(world) }));
