/** The binaries in base64, by name; the build writes the module. */
export const BINARIES: Readonly<Record<string, string>>;
