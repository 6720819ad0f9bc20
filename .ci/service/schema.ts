import { users } from '@azora/db/schema';
import { relations } from 'drizzle-orm';
import { bigint, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

export * from '@azora/db/schema';

export const shop = pgSchema('shop');

export const orders = shop.table('orders', {
  id: uuid('id').primaryKey().defaultRandom(),
  buyerId: uuid('buyer_id')
    .notNull()
    .references(() => users.id),
  item: text('item').notNull(),
  price: bigint('price', { mode: 'bigint' }).notNull(),
});

export const ordersRelations = relations(orders, ({ one }) => ({
  buyer: one(users, { fields: [orders.buyerId], references: [users.id] }),
}));
