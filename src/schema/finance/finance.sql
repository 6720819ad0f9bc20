comment on schema finance is 'What people own: a double-entry ledger, mining, payments';
