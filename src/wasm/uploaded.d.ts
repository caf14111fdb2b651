/** The binaries of an upload, by name; the build writes the module. */
export const BINARIES: Readonly<Record<string, WebAssembly.Module>>;
