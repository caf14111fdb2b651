export const minilm = new URL('./model.tracelet', import.meta.url);
