import type { LedgerModel, Outcome } from './ledger-model.ts';

interface Activity {
  readonly user: string;
  readonly tokens: bigint;
  status: 'PENDING' | 'VERIFIED' | 'REWARDED' | 'REJECTED';
}

interface Payment {
  readonly currency: string;
  readonly amount: bigint;
  readonly isRefund: boolean;
  status: 'PENDING' | 'COMPLETED' | 'FAILED' | 'REFUNDED';
  transaction: number;
}

/** The status a case ends in, or the code of why it stays as it was. */
export type CaseOutcome = { readonly code: string; readonly posted?: number };

/** What mining and payments promise: a few states, and one posting on the way. */
export class CasesModel {
  readonly activities: Activity[] = [];
  readonly payments: Payment[] = [];
  readonly #ledger: LedgerModel;

  constructor(ledger: LedgerModel) {
    this.#ledger = ledger;
  }

  verify(activity: Activity): CaseOutcome {
    if (activity.status === 'REJECTED') return { code: 'WRONG_STATE' };
    if (activity.status === 'PENDING') activity.status = 'VERIFIED';
    return { code: activity.status };
  }

  reject(activity: Activity): CaseOutcome {
    if (activity.status === 'REWARDED') return { code: 'WRONG_STATE' };
    activity.status = 'REJECTED';
    return { code: activity.status };
  }

  reward(activity: Activity): CaseOutcome {
    if (activity.status === 'REWARDED') return { code: 'REWARDED' };
    if (activity.status !== 'VERIFIED') return { code: 'WRONG_STATE' };
    const wallet = `${activity.user}/AZR`;
    const isOpened = this.#ledger.wallets.has(wallet);
    this.#ledger.open(wallet);
    const paid = this.#ledger.transfer('MINT/AZR', wallet, activity.tokens, undefined, false);
    // A refusal takes the wallet that was opened for it along.
    if (paid.code !== 'ok' && !isOpened) this.#ledger.wallets.delete(wallet);
    return this.#end(activity, 'REWARDED', paid);
  }

  settle(payment: Payment): CaseOutcome {
    if (payment.status === 'COMPLETED') return { code: 'COMPLETED' };
    if (payment.status !== 'PENDING') return { code: 'WRONG_STATE' };
    const { currency, amount, isRefund } = payment;
    const sides = [`EXTERNAL/${currency}`, `FEES/${currency}`] as const;
    const [from, to] = isRefund ? [sides[1], sides[0]] : sides;
    const booked = this.#ledger.transfer(from, to, amount, undefined, false);
    payment.transaction = booked.id;
    return this.#end(payment, 'COMPLETED', booked);
  }

  fail(payment: Payment): CaseOutcome {
    if (payment.status !== 'PENDING' && payment.status !== 'FAILED') return { code: 'WRONG_STATE' };
    payment.status = 'FAILED';
    return { code: 'FAILED' };
  }

  refund(payment: Payment): CaseOutcome {
    if (payment.status === 'REFUNDED') return { code: 'REFUNDED' };
    const original = this.#ledger.transactions[payment.transaction];
    if (payment.status !== 'COMPLETED' || original === undefined) return { code: 'WRONG_STATE' };
    return this.#end(payment, 'REFUNDED', this.#ledger.undo(original, payment.amount));
  }

  #end<S extends string>(row: { status: S }, status: S, posting: Outcome): CaseOutcome {
    if (posting.code !== 'ok') return { code: posting.code };
    row.status = status;
    return { code: status, posted: posting.id };
  }
}
