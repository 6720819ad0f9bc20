// What is beyond ASCII and no letter, digit or mark: dashes, quotes, bullets, blanks, symbols. For
// the parser in a database whose lc_ctype is C all that is beyond ASCII would be letters.
const NO_WORDS = [
  '\\u0080-\\u00a9\\u00ab-\\u00b4\\u00b6-\\u00b9\\u00bb-\\u00bf\\u00d7\\u00f7\\u1680',
  '\\u2000-\\u200b\\u200e-\\u2bff\\u3000-\\u3004\\u3008-\\u3020\\u3030',
  '\\ufe10-\\ufe1f\\ufe30-\\ufe6f\\uff00-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65',
  '\\uffe0-\\uffff\\U0001f000-\\U0001faff',
].join('');

/**
 * In SQL, text as the full-text search of jobs takes it, so that it finds the same in every
 * database: folded already, because a Turkish one would make of `I` a dotless i, and with blanks
 * between the words. Folded first, because some letters are composed of what is no word here.
 */
export const wordsOf = (text: string) =>
  `regexp_replace(public.fold_text(${text}) collate "C", '[${NO_WORDS}]', ' ', 'g')`;

/** In SQL, all the words of a job: the expression of `jobs_search_idx`, to the letter. */
export const JOB_WORDS = `to_tsvector('english', ${wordsOf(
  "title || ' ' || company || ' ' || description",
)})`;
