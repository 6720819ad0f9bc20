import { z } from 'zod';
import { text, uuid } from '../../../input/validate.ts';
import type { CourseModule } from '../../../schema/education/course-modules.ts';

const index = z.int().min(0);

const moduleInput = z.strictObject({
  id: uuid.optional(),
  title: text({ max: 200 }),
  content: text({ min: 0, max: 1_000_000 }),
  weight: z.int().min(1).max(10_000).default(1),
  optional: z.boolean().default(false),
  prerequisites: z.array(index).max(100).default([]),
  prerequisitesNeeded: z.int().min(1).optional(),
}) satisfies z.ZodType<unknown, ModuleInput>;

export const modulesInput = z
  .array(moduleInput)
  .min(1)
  .max(1_000)
  .superRefine((modules, context) => {
    const places = new Map(modules.map((module, position) => [module.id, position]));
    for (const [position, module] of modules.entries()) {
      if (module.id !== undefined && places.get(module.id) !== position) {
        const message = 'must not be the id of another module in the list';
        context.addIssue({ code: 'custom', path: [position, 'id'], message });
      }
      const { prerequisites, prerequisitesNeeded } = module;
      if (prerequisites.some((other) => other >= modules.length || other === position)) {
        const message = 'must be the indexes of other modules in the list';
        context.addIssue({ code: 'custom', path: [position, 'prerequisites'], message });
      }
      if ((prerequisitesNeeded ?? 0) > new Set(prerequisites).size) {
        const message = 'must be at most the number of prerequisites';
        context.addIssue({ code: 'custom', path: [position, 'prerequisitesNeeded'], message });
      }
    }
  });

/** A module of a draft. */
export interface ModuleInput {
  /** A UUID; in a revision, that of the module that goes on. Default: a new one. */
  id?: string | undefined;
  /** 1 to 200 characters. */
  title: string;
  /** Up to 1,000,000 characters; may be empty. */
  content: string;
  /** Its share of the course's progress, a whole number of 1 to 10,000. Default: 1. */
  weight?: number | undefined;
  /** Whether the course is complete without it. Default: false. */
  optional?: boolean | undefined;
  /**
   * The modules to be completed before this one: their positions in the same list, from 0, at most
   * 100 of them. Default: none.
   */
  prerequisites?: number[] | undefined;
  /** How many of the prerequisites unlock it, from 1 to their number. Default: all. */
  prerequisitesNeeded?: number | undefined;
}

export type ParsedModules = z.output<typeof modulesInput>;

/** What `OFFERED_MODULES` and `OFFERED_PREREQUISITES` unnest. */
export type ModuleArrays = [
  ids: (string | null)[],
  titles: string[],
  contents: string[],
  weights: number[],
  optional: boolean[],
  prerequisitesNeeded: (number | null)[],
  moduleNumbers: number[],
  prerequisiteNumbers: number[],
];

/** The modules as a CTE, numbered from 1, each with an id. */
export const OFFERED_MODULES = `offered_modules as materialized (
     select coalesce(id, platform.new_id()) as id, title, content, weight, is_optional,
       prerequisites_needed, number
     from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::boolean[], $6::smallint[])
       with ordinality as offered
         (id, title, content, weight, is_optional, prerequisites_needed, number)
   )`;

/** Their prerequisites as a table, by the numbers of the modules. */
export const OFFERED_PREREQUISITES =
  'unnest($7::bigint[], $8::bigint[]) as offered (module_number, prerequisite_number)';

export function moduleArrays(modules: ParsedModules): ModuleArrays {
  const pairs = modules.flatMap((module, position) =>
    [...new Set(module.prerequisites)].map((other) => [position + 1, other + 1] as const),
  );
  return [
    modules.map((module) => module.id ?? null),
    modules.map((module) => module.title),
    modules.map((module) => module.content),
    modules.map((module) => module.weight),
    modules.map((module) => module.optional),
    modules.map((module) => module.prerequisitesNeeded ?? null),
    pairs.map(([position]) => position),
    pairs.map(([, other]) => other),
  ];
}

/** A module of a draft as it is stored, in the order of the draft. */
export interface StoredModule extends Pick<CourseModule, 'id' | 'title' | 'weight'> {
  /** Whether the course is complete without it. */
  optional: boolean;
}

/** A module of a draft as it is stored. */
export interface DraftModule extends StoredModule {
  /** Its place in the draft, from 0, without gaps. */
  position: number;
}

/** The modules of a draft have their places without gaps. */
export function inOrder(modules: readonly StoredModule[]): DraftModule[] {
  return modules.map(({ id, title, weight, optional }, position) => ({
    id,
    position,
    title,
    weight,
    optional,
  }));
}
