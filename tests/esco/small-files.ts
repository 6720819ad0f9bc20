import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const skillsHeading =
  'conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,description';
const occupationsHeading = 'conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,description';
const relationsHeading = 'occupationUri,relationType,skillType,skillUri';

export interface SmallFiles {
  skills?: string[];
  occupations?: string[];
  relations?: string[];
  relationsName?: string;
}

/** A small set of the classification's files with every oddity: some rows of it cannot be used. */
export async function writeSmallFiles(
  folder: string,
  { skills, occupations, relations, relationsName }: SmallFiles = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const lines = (heading: string, rows: string[]) => `${[heading, ...rows].join('\n')}\n`;
  const at = (name: string) => join(folder, name);
  await writeFile(
    at('skills_en.csv'),
    `\ufeff${lines(
      skillsHeading,
      skills ?? [
        'K,uri:bake,skill/competence,x,bake bread,"make bread\nmake ""good"" bread","Bakes bread,\nwith care."',
        'K,uri:oven,knowledge,x,ovens,,',
        'K,,knowledge,x,nameless uri,,',
        'K,uri:empty,knowledge,x,,,',
        'K,uri:bake,knowledge,x,bake twice,,',
        'K,uri:other,knowledge,x,Ovens,,',
        'K,uri:short,knowledge,x,dough',
      ],
    )}`,
  );
  await writeFile(
    at('occupations_en.csv.gz'),
    gzipSync(
      lines(
        occupationsHeading,
        occupations ?? ['O,uri:baker,7512,baker,"bread maker\ncake maker",d'],
      ),
    ),
  );
  await writeFile(
    at(relationsName ?? 'occupationSkillRelations_en.csv'),
    lines(
      relationsHeading,
      relations ?? [
        'uri:baker,essential,skill/competence,uri:bake',
        'uri:baker,optional,knowledge,uri:oven',
        'uri:baker,essential,knowledge,uri:gone',
        'uri:nobody,essential,knowledge,uri:oven',
        'uri:baker,maybe,knowledge,uri:short',
      ],
    ),
  );
}
