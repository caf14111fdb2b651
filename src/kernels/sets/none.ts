/** No sets: `import 'tracelet/ops'` adds them. */
export {};
