/**
 * What the SQL functions of the blocks count with, in whose texts the numbers stand again: to
 * change one is to change both and to pack all jobs anew. layout.test.ts asks the server for each.
 */

/** A job's place in `packed_jobs` is its block times this, plus its place in the block. */
export const PLACES_OF_BLOCK = 512;
/** How many blocks one row of `packed_bounds` is about. */
export const BLOCKS_OF_GROUP = 256;
/**
 * What a job's skills are worth together. With all the rounding of 99 skills a sum of shares stays
 * below 2048, so that it has four digits and the bit of 4096 is free.
 */
export const WHOLE_SHARE = 1900;
