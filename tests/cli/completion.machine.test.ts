import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionScript } from '../../src/cli/completion.ts';
import { createProgram } from '../../src/cli/program.ts';

const script = completionScript(createProgram({ repository: false }), 'bash');

/** What a real bash offers after these words, the last of which is begun. */
function offered(...words: string[]): string[] {
  const ask = `
    ${script}
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _azora_db
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['--noprofile', '--norc', '-uc', ask, 'bash', 'azora-db', ...words];
  return execFileSync('bash', args, { encoding: 'utf8' }).trim().split('\n');
}

describe('azora-db completion bash', () => {
  it.each([
    [['st'], ['start', 'stop', 'status']],
    [
      ['status', '--'],
      ['--url', '--env-file', '--verify', '--json', '--help'],
    ],
    [['migrate', '--url', 'postgres://a/b', '--d'], ['--dry-run']],
    [
      ['import', ''],
      ['esco', 'help', '--help'],
    ],
    [['import', 'esco', '--u'], ['--url']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', '--help'],
    ],
    // A value, for which bash offers files.
    [['status', '--env-file', ''], ['']],
    // What works in the repository only.
    [['gen'], ['']],
    // Nothing of what is typed is evaluated.
    [['status', '--url', '$(echo evaluated >&2; exit 1)', '--js'], ['--json']],
  ])('offers after %j: %j', (words, wanted) => {
    expect(offered(...words)).toEqual(wanted);
  });
});

describe.each(['zsh', 'fish'] as const)('azora-db completion %s', (shell) => {
  it('has every command with its description, and the options of each', () => {
    const text = completionScript(createProgram({ repository: false }), shell);
    for (const word of ['status', 'esco', 'env-file', 'dry-run', 'print one JSON document']) {
      expect(text).toContain(word);
    }
    expect(text).not.toContain('generate');
  });
});
