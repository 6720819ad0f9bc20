import fc from 'fast-check';

const amount = fc.oneof(
  { weight: 5, arbitrary: fc.bigInt({ min: 1n, max: 60n }) },
  { weight: 1, arbitrary: fc.constantFrom(1n, 1_000n, 2n ** 62n, 2n ** 63n - 1n) },
);
const user = fc.nat({ max: 2 });
const currency = fc.constantFrom('ZAR', 'USD');
const key = fc.nat({ max: 30 });
const pick = fc.nat({ max: 50 });
const part = fc.option(amount, { nil: undefined });
/** How many days ago it happened, or undefined for now. */
const day = fc.option(fc.nat({ max: 3 }), { nil: undefined });
const rate = fc.record({
  numerator: fc.bigInt({ min: 1n, max: 9n }),
  denominator: fc.bigInt({ min: 1n, max: 9n }),
});
const one = fc.record({ from: user, to: user, currency, amount, key, day });
const some = fc.array(one, { minLength: 1, maxLength: 8 });

/** A transfer between two users, on its own or one of a batch. */
export type One = typeof one extends fc.Arbitrary<infer T> ? T : never;

type Drawn<T> = { [P in keyof T]: T[P] extends fc.Arbitrary<infer V> ? V : never };

function kind<K extends string, T extends Record<string, fc.Arbitrary<unknown>>>(
  name: K,
  fields: T,
) {
  const drawn = fc.record({ ...fields, kind: fc.constant(name) });
  return drawn as unknown as fc.Arbitrary<Drawn<T> & { kind: K }>;
}

const arbitraries = [
  kind('deposit', { user, currency, amount, key, day }),
  kind('deposit', { user, currency, amount, key, day }),
  kind('withdraw', { user, currency, amount, key, day }),
  kind('transfer', { one }),
  kind('batch', { transfers: some, atomic: fc.boolean() }),
  kind('combine', { transfers: some }),
  kind('exchange', { user, currency, amount, key, rate, day }),
  kind('hold', { user, currency, amount, key }),
  kind('hold', { user, currency, amount, key }),
  kind('capture', { pick, to: user, amount: part, key, day }),
  kind('release', { pick, key }),
  kind('comeDue', { pick }),
  kind('sweep', {}),
  kind('reverse', { pick, amount: part, key, day }),
  kind('close', { user, currency: fc.constantFrom('ZAR', 'USD', 'AZR') }),
  kind('submit', { user, amount, key }),
  kind('verify', { pick }),
  kind('reward', { pick }),
  kind('reject', { pick }),
  kind('pay', { user, currency, amount, reference: key, isRefund: fc.boolean() }),
  kind('settle', { pick }),
  kind('fail', { pick }),
  kind('refund', { pick }),
  kind('look', { user, currency }),
] as const;

/** One request, or one thing that happens. */
export const operation = fc.oneof(...arbitraries);
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
export type Kind = Operation['kind'];
export type OperationOf<K extends Kind> = Extract<Operation, { kind: K }>;
