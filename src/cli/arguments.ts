import { InvalidArgumentError } from 'commander';

// What commander makes of the values of options. It puts the option's name before these words.

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return value;
}

export function sealHead(text: string): { number: bigint; hash: string } {
  const [, number, hash] = /^([1-9]\d{0,17}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined) {
    throw new InvalidArgumentError("It must be a seal's number, a colon and its hash.");
  }
  return { number: BigInt(number), hash };
}

export function migrationName(text: string): string {
  if (!/^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/.test(text)) {
    throw new InvalidArgumentError('It must be a verb and what it is about, such as add_badges.');
  }
  return text;
}

/** An empty one, as of a variable that is not set, would lead to the embedded server. */
export function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return text.trim();
}
