// An entry of the catalog begins with what it is about; each pattern finds that.
const forms: readonly { pattern: RegExp; name: (...groups: string[]) => string }[] = [
  {
    pattern: /^index CREATE (?:UNIQUE )?INDEX (\S+) ON (?:ONLY )?(\S+)/,
    name: (index, table) => `index ${index} on ${table}`,
  },
  {
    pattern: /^trigger CREATE (?:CONSTRAINT )?TRIGGER (\S+) .*? ON (\S+)/,
    name: (trigger, table) => `trigger ${trigger} on ${table}`,
  },
  {
    pattern: /^rule CREATE RULE (\S+) AS\s+ON \w+ TO (\S+)/,
    name: (rule, table) => `rule ${rule} on ${table.replace(/;$/, '')}`,
  },
  { pattern: /^CREATE OR REPLACE (?:FUNCTION|PROCEDURE) (.+)/, name: (call) => `function ${call}` },
  { pattern: /^(comment on .+?) is E?'/, name: (target) => target },
  { pattern: /^enum ([^:]+):/, name: (type) => `enum ${type}` },
  { pattern: /^((?:constraint|policy) \S+ on \S+)/, name: (both) => both },
  {
    pattern: /^statistics CREATE STATISTICS (\S+)/,
    name: (statistics) => `statistics ${statistics}`,
  },
  {
    pattern: /^((?:column|sequence|domain|(?:\w+ )?table|(?:materialized )?view|type) \S+)/,
    name: (both) => both,
  },
];

/**
 * What an entry of the catalog is about, such as `constraint users_email_key on identity.users`;
 * of what has nothing but its name, all of it.
 */
export function objectName(entry: string): string {
  for (const { pattern, name } of forms) {
    const [found, ...groups] = pattern.exec(entry) ?? [];
    if (found !== undefined) return name(...groups);
  }
  return entry;
}

/** The table that an object is part of, if it is. */
export function tableOf(object: string): string | undefined {
  const [, column] = /^column (.+)\.[^.]+$/.exec(object) ?? [];
  return column ?? / on (\S+)$/.exec(object)?.[1];
}
