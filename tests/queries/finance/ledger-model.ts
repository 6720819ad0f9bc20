/** A transfer, or the code of why it was refused. */
export type Outcome = { readonly code: string; readonly id: number };

interface Posted {
  readonly legs: readonly Leg[];
  readonly amount: bigint;
  readonly isReversible: boolean;
  isReversed: boolean;
}

interface Leg {
  readonly wallet: string;
  readonly amount: bigint;
}

interface Hold {
  readonly wallet: string;
  readonly amount: bigint;
  isOpen: boolean;
}

const LARGEST = 2n ** 63n - 1n;

/** What the ledger promises, in memory and one request after another: wallets are named `owner/currency`. */
export class LedgerModel {
  readonly posted = new Map<string, bigint>();
  readonly held = new Map<string, bigint>();
  readonly limits = new Map<string, bigint>();
  readonly transactions: Posted[] = [];
  readonly holds = new Map<number, Hold>();
  readonly #answers = new Map<string, { request: string; outcome: Outcome }>();

  open(wallet: string, posted = 0n, limit = 0n): void {
    this.posted.set(wallet, posted);
    this.held.set(wallet, 0n);
    this.limits.set(wallet, limit);
  }

  /** Answers a request under a key: as before if it came before, refused if the key is another request's. */
  once(key: string, request: string, run: () => Outcome): Outcome {
    const answered = this.#answers.get(key);
    if (answered === undefined) {
      const outcome = run();
      this.#answers.set(key, { request, outcome });
      return outcome;
    }
    return answered.request === request
      ? answered.outcome
      : { code: 'IDEMPOTENCY_CONFLICT', id: -1 };
  }

  isKnown(key: string, request: string): boolean {
    return this.#answers.get(key)?.request === request;
  }

  knows(key: string): boolean {
    return this.#answers.has(key);
  }

  post(legs: readonly Leg[], amount: bigint, isReversible = true): Outcome {
    const refusal = this.refusal(legs);
    if (refusal !== undefined) return { code: refusal, id: -1 };
    for (const leg of legs) {
      this.posted.set(leg.wallet, (this.posted.get(leg.wallet) ?? 0n) + leg.amount);
    }
    this.transactions.push({ legs, amount, isReversible, isReversed: false });
    return { code: 'ok', id: this.transactions.length - 1 };
  }

  refusal(legs: readonly Leg[]): string | undefined {
    if (legs.some(({ wallet }) => !this.posted.has(wallet))) return 'WALLET_NOT_FOUND';
    for (const { wallet, amount } of legs) {
      const posted = this.posted.get(wallet) ?? 0n;
      const floor = (this.held.get(wallet) ?? 0n) - (this.limits.get(wallet) ?? 0n);
      if (amount < 0n && posted + amount < floor) return 'INSUFFICIENT_FUNDS';
      if (amount > 0n && posted + amount > LARGEST) return 'BALANCE_LIMIT';
    }
    return undefined;
  }

  transfer(from: string, to: string, amount: bigint): Outcome {
    const legs = [
      { wallet: from, amount: -amount },
      { wallet: to, amount },
    ];
    return this.post(legs, amount);
  }

  reverse(id: number, amount?: bigint): Outcome {
    const original = this.transactions[id];
    if (!original?.isReversible) return { code: 'NOT_REVERSIBLE', id: -1 };
    const undone = amount ?? original.amount;
    if (undone > original.amount) return { code: 'REVERSAL_EXCEEDED', id: -1 };
    const isWhole = undone === original.amount;
    if (!isWhole && original.legs.length > 2) return { code: 'NOT_REVERSIBLE', id: -1 };
    const part = (moved: bigint) => (moved < 0n ? undone : -undone);
    const legs = original.legs.map((leg) => ({
      wallet: leg.wallet,
      amount: isWhole ? -leg.amount : part(leg.amount),
    }));
    if (this.refusal(legs) === undefined && original.isReversed) {
      return { code: 'ALREADY_REVERSED', id: -1 };
    }
    const outcome = this.post(legs, undone, false);
    if (outcome.code === 'ok') original.isReversed = true;
    return outcome;
  }

  hold(wallet: string, amount: bigint): Outcome {
    if (!this.posted.has(wallet)) return { code: 'WALLET_NOT_FOUND', id: -1 };
    const held = this.held.get(wallet) ?? 0n;
    if ((this.posted.get(wallet) ?? 0n) - held < amount)
      return { code: 'INSUFFICIENT_FUNDS', id: -1 };
    this.held.set(wallet, held + amount);
    this.transactions.push({ legs: [], amount, isReversible: false, isReversed: false });
    const id = this.transactions.length - 1;
    this.holds.set(id, { wallet, amount, isOpen: true });
    return { code: 'ok', id };
  }

  /** Captures for `to`, or releases without one. */
  resolve(id: number, to?: string, amount?: bigint): Outcome {
    const hold = this.holds.get(id);
    if (hold === undefined) return { code: 'NOT_FOUND', id: -1 };
    if (!hold.isOpen) return { code: 'HOLD_RESOLVED', id: -1 };
    const captured = amount ?? hold.amount;
    if (to !== undefined && captured > hold.amount) return { code: 'HOLD_EXCEEDED', id: -1 };
    if (to !== undefined && !this.posted.has(to)) return { code: 'WALLET_NOT_FOUND', id: -1 };
    hold.isOpen = false;
    this.held.set(hold.wallet, (this.held.get(hold.wallet) ?? 0n) - hold.amount);
    if (to !== undefined) return this.transfer(hold.wallet, to, captured);
    this.transactions.push({ legs: [], amount: 0n, isReversible: false, isReversed: false });
    return { code: 'ok', id: this.transactions.length - 1 };
  }
}
