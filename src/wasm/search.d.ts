/** The binary of searches in base64; the build writes the module. */
export const BINARIES: Readonly<Record<'search', string>>;
