/** The script of a worker that lives, and never says anything. */
export const SILENT = 'setInterval(() => {}, 2 ** 30);\nawait new Promise(() => {});';
